"""What we know: frozen values, no I/O."""
