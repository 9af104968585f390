"""The SQLite store: one file, one writer at a time, a connection per thread."""

from prasan.stores.sqlite.shelf import StoreShelf
from prasan.stores.sqlite.store import Store, Tx

__all__ = ["Store", "StoreShelf", "Tx"]
