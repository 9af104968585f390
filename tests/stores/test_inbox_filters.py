"""The inbox answers every TAXII filter as a plain reading of section 3.4.1 does."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prasan.picture.posted import Item
from prasan.stores.rows import version_key
from prasan.stores.sqlite import Store
from stores.store_rows import Ask, uid

VERSIONS = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.0Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01.000Z")
rows = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(VERSIONS), st.sampled_from(("2.0", "2.1"))), max_size=12)
asks = st.builds(
    Ask,
    after_us=st.integers(0, 8),
    limit=st.integers(1, 6),
    ids=st.none() | st.just((uid(0), uid(2))),
    versions=st.sampled_from(
        [("last",), ("first",), ("all",), ("first", "last"), VERSIONS[1:2], (VERSIONS[0], "last")]
    ),
    spec_versions=st.none() | st.sampled_from([("2.0",), ("2.1",), ("2.0", "2.1")]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, ask=asks)
def test_pages_equal_a_plain_reading_of_the_standard(store: Store, rows: list[tuple[int, str, str]], ask: Ask) -> None:
    with store.write() as tx:
        for number in range(3):
            tx.delete_inbox("us", uid(number), ("all",), ("2.0", "2.1"))
        for number, version, spec in rows:
            tx.put_inbox("us", [Item(uid(number), version, "incident", spec, "h", b"{}", {})], 1)
    everything = store.inbox_page("us", Ask(versions=("all",), spec_versions=("2.0", "2.1")))
    kept = [(row.id, row.version, row.spec_version, row.date_added_us) for row in everything]
    assert (
        store.inbox_page("us", ask)
        == [r for r, k in zip(everything, kept, strict=True) if plain(k, kept, ask)][: ask.limit]
    )


def plain(row: tuple[str, str, str, int], rows: list[tuple[str, str, str, int]], ask: Ask) -> bool:
    if row[3] <= ask.after_us or (ask.ids is not None and row[0] not in ask.ids):
        return False
    same = [other for other in rows if other[0] == row[0]]
    specs = ask.spec_versions or (max(other[2] for other in same),)
    order = sorted((version_key(other[1]), other[1]) for other in same if other[2] in specs)
    if row[2] not in specs:
        return False
    first, last = ("first" in ask.versions, order[0][1]), ("last" in ask.versions, order[-1][1])
    exact = version_key(row[1]) in {version_key(version) for version in ask.versions}
    return "all" in ask.versions or exact or (True, row[1]) in (first, last)
