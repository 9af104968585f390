"""Message codes and parameters become English and Thai sentences."""
