"""Puts `release_makers` on the path."""
