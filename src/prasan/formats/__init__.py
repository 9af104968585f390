"""How it is written: sans-I/O codecs, both directions in one file."""
