"""Documents: objects, views, events, ledger leaves, users."""
