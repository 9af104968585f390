"""Rows into the picture: files and live feeds, stored, looked at, and made into events."""
