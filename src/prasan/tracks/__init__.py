"""From fixes to vessels: duplicates, emitters, bins. Pure."""
