"""From fixes to vessels: settled rows, emitters, ten-minute slots. Pure."""
