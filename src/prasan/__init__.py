"""Prasan: a self-hosted information-sharing node for security partners."""

__version__ = "0.1.0"
