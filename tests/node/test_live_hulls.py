"""What is known of hulls stays bounded, whatever numbers come."""

from hypothesis import given
from hypothesis import strategies as st

from prasan.node.seeing.live_hulls import learn


def test_a_flood_of_numbers_drives_out_itself() -> None:
    """200,000 numbers heard once, among them a fleet that goes on reporting."""
    known, fleet, gone = dict[int, int](), {567_000_000 + ship: 70 for ship in range(100)}, 0
    for start in range(0, 200_000, 1_000):
        gone += learn(known, {200_000_000 + number: 30 for number in range(start, start + 1_000)}, 50_000)
        gone += learn(known, fleet, 50_000)
        assert len(known) <= 50_000
    assert fleet.items() <= known.items()
    assert gone == 200_000 + len(fleet) - len(known) > 150_000


@given(st.lists(st.dictionaries(st.integers(0, 40), st.integers(0, 9), max_size=12)), st.integers(4, 20))
def test_what_is_kept_is_what_came_last(pieces: list[dict[int, int]], limit: int) -> None:
    known, every, gone = dict[int, int](), dict[int, int](), 0
    for piece in pieces:
        gone += learn(known, piece, limit)
        for mmsi, value in piece.items():
            every.pop(mmsi, None)
            every[mmsi] = value
        assert len(known) <= max(limit, 0)
        assert list(known.items()) == list(every.items())[len(every) - len(known) :]
    assert gone >= len(every) - len(known)
