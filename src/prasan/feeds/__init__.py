"""From the world: files and shipped reference data. Bytes in."""
