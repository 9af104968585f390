"""Which object people mean by an id: its own, or one that a partner knows it by."""

from prasan.errors import UsageError
from prasan.stores.sqlite.store import Reads


def meant(store: Reads, object_id: str) -> str:
    """The object's own id; officers may also paste the id that a partner knows it by. UsageError if it is neither."""
    if store.object(object_id) is not None:
        return object_id
    for partner in store.partners():
        if store.variant(partner.id, object_id) is not None:
            return object_id
        found = store.mapped_back(partner.id, object_id)
        if found is not None:
            return found
    remedy = "Copy the id from the event's page or from 'release preview'."
    raise UsageError(f"there is no object {object_id}", remedy, code="object_unknown")
