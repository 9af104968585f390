"""Who partners are: cards, keys, accords, and the two logs that each side keeps of the other."""
