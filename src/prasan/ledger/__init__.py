"""Tamper evidence: the RFC 9162 tree, checkpoints and proofs. Pure."""
