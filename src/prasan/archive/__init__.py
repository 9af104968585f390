"""Everything columnar: positions, manifest, carry, findings."""
