"""Who says what of whom: objects by the object that they speak of."""

from collections.abc import Sequence

from prasan.stores.sqlite.link import Link, marks


class SayingReads(Link):
    """Reading it."""

    def about(self, object_id: str, types: Sequence[str]) -> list[str]:
        """Objects of these types, anybody's, that refer to an object as they stand now or did before."""
        sql = (
            "SELECT DISTINCT o.id FROM refs f JOIN objects o USING (o) WHERE f.ref = ?"  # noqa: S608
            f" AND o.type IN ({marks(types)}) AND o.status = 'current' ORDER BY 1"
        )
        return [row[0] for row in self._all(sql, (object_id, *types))]
