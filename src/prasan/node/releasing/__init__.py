"""Who gets what: what is due is decided, settled and published, and every decision can be explained."""
