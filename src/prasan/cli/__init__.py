"""The commands."""


def main() -> int:
    """Run one command."""
    return 0
