"""What officers name in short: a request or a consent by the end of its id, a purpose where only one is possible."""

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

from prasan.errors import UsageError


class Named(Protocol):
    """Something with an id."""

    @property
    def id(self) -> str:
        """The whole of it."""


T = TypeVar("T", bound=Named)


def by_end(rows: Iterable[T], name: str, what: str) -> T:
    """The one of these whose id ends so; `what` is `request` or `consent`. UsageError if there is none or more."""
    found = [one for one in rows if name and one.id.endswith(name.lower())]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"there is no {what} '{name}'" if not found else f"'{name}' is the end of {len(found)} {what}s",
        f"Copy its id from 'prasan {what} list'.",
        code=f"{what}_unknown",
    )


def purpose_of(asked: str | None, allowed: Collection[str], by: str) -> str:
    """The purpose asked for, or the only one that `by` allows. UsageError where there is none such."""
    if asked is None and len(allowed) == 1:
        return next(iter(allowed))
    if asked is None or asked not in allowed:
        said = "it says no purpose" if asked is None else f"'{asked}' is no purpose that {by}"
        remedy = f"Use --purpose with one of: {', '.join(sorted(allowed)) or 'none'}."
        raise UsageError(said, remedy, code="purpose", allowed=[f"purpose.{one}" for one in sorted(allowed)])
    return asked
