"""What a run carries is the same after a trip through bytes, and nothing but values of the core comes out of bytes."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from prasan.detect.rules import PRASAN, preset
from prasan.detect.runner import Run, Step, go_on
from prasan.errors import FormatError
from prasan.exercise.player import play
from prasan.feeds.reference import load_scenario, reference_world
from prasan.node.seeing.live_carry import pack, unpack

PLAIN = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
)
KEYS = st.integers(-(2**63), 2**63 - 1) | st.text() | st.tuples(st.integers(-9, 9), st.text(max_size=3))
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner)
        | st.frozensets(KEYS)
        | st.sets(KEYS)
    ),
    max_leaves=8,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    again = unpack(pack(value))
    assert again == value
    assert type(again) is type(value)


@settings(max_examples=30)
@given(
    npst.arrays(
        st.sampled_from(["i8", "i4", "u2", "u1", "f8", "?"]), npst.array_shapes(min_dims=1, max_dims=2, min_side=0)
    )
)
def test_an_array_comes_back_as_it_was(array: Any) -> None:
    again = unpack(pack(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)
    again.reshape(-1)[:1] = 0  # and can be written to, as one of our own


def test_a_real_run_goes_on_from_bytes_as_if_nothing_had_been() -> None:
    made = play(load_scenario("gulf-andaman"), "x")
    rows, statics = made.positions, made.statics
    t, said_t = rows["t"].to_numpy(), statics["t"].to_numpy()
    rules, world = preset(PRASAN), reference_world()
    begin, end = int(t.min()), int(t.max()) + 1
    run = again = Run((Step(begin),))
    for upto in (*range(begin + 5 * 3600, end, 5 * 3600), end):
        new, told = (t >= run.upto) & (t < upto), (said_t >= run.upto) & (said_t < upto)
        part, words = rows.filter(pa.array(new)), statics.filter(pa.array(told))
        said, run = go_on(run, part, upto, rules, world, words)
        same, again = go_on(unpack(pack(again)), part, upto, rules, world, words)
        assert msgspec.json.encode(dict(same)) == msgspec.json.encode(dict(said))
    assert len(run.steps) > 1


@pytest.mark.parametrize(
    "value",
    [
        [0, "os:system", {}],
        [0, "prasan.errors:UsageError", {}],
        [0, "prasan.detect.runner:go_on", {}],
        [0, "prasan.detect.runner:Step", {"upto": 1}],
        [99, []],
        [1, "O", [1], b"12345678"],
    ],
)
def test_what_is_no_value_of_the_core_is_refused(value: Any) -> None:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(msgspec.msgpack.encode(value))
    with pytest.raises(FormatError):
        unpack(sink.getvalue().to_pybytes())


@settings(max_examples=50)
@given(st.binary(max_size=64))
def test_any_bytes_are_a_value_or_are_refused(data: bytes) -> None:
    try:
        unpack(data)
    except FormatError:
        return


def test_what_cannot_be_kept_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError, match="object"):
        pack({"a": object()})
