"""Static reports as plain texts by field, by MMSI and by IMO number: what identity histories are made of."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prasan.picture.identity import imo_valid
from prasan.tracks.columns import Bools, Ints

FIELDS: Final = ("name", "callsign", "imo", "ship_type", "dimensions", "draught", "destination")

PLACEHOLDERS: Final = frozenset({1_234_567})
"""IMO numbers that pass the check and are typed for want of one."""

Said = tuple[int, int, tuple[str, ...], str]
"""Key, second, the texts of its fields ("" where not given), source."""

Run = tuple[tuple[str, ...], list[tuple[int, str]]]
"""Texts said again and again by one key with nothing else between, and each time the second and the source."""

_SIDES: Final = ("to_bow", "to_stern", "to_port", "to_starboard")


def rows_of(table: pa.Table) -> Iterator[Said]:
    """Rows of `STATICS`, each for its MMSI, and again for its IMO number if it gives one that can be."""
    columns: dict[str, list[str]] = {
        **{name: _cleaned(table[name]) for name in ("name", "callsign", "destination")},
        **{name: _numbers(table[name]) for name in ("imo", "ship_type", "draught")},
        "dimensions": _dimensions(table),
    }
    texts = zip(*(columns[name] for name in FIELDS), strict=True)
    mmsi, t, names = (_list(table[name]) for name in ("mmsi", "t", "source"))
    imos = np.array([int(text or 0) for text in columns["imo"]], np.int64)
    good = (imo_valid(imos) & ~np.isin(imos, list(PLACEHOLDERS))).tolist()
    for number, second, text, name, named in zip(mmsi, t, texts, names, good, strict=True):
        yield number, second, text, name
        if named:
            yield -int(text[2]), second, (str(number),), name


def runs_of(table: pa.Table) -> Iterator[tuple[int, list[Run]]]:
    """What `rows_of` gives, in order by key, repeats found in columns: each key with its runs in order of time."""
    texts = {name: _coded(table[name]) for name in ("name", "callsign", "destination")}
    numbers = {name: _filled(table[name], 0) for name in ("imo", "ship_type", "draught")}
    sides = [_filled(table[name], -1) for name in _SIDES]
    mmsi, t = (table[name].to_numpy().astype(np.int64) for name in ("mmsi", "t"))
    source = _list(table["source"])

    plain = [(codes.tolist(), values) for codes, values in texts.values()]
    given = [column.tolist() for column in numbers.values()]
    around = list(zip(*(side.tolist() for side in sides), strict=True))

    def said(row: int) -> tuple[str, ...]:
        name, callsign, destination = (values[codes[row]] for codes, values in plain)
        imo, kind, draught = (str(column[row] or "") for column in given)
        four = around[row]
        size = "/".join(map(str, four)) if any(four) and -1 not in four else ""
        return name, callsign, imo, kind, size, draught, destination

    content = [*(codes for codes, _ in texts.values()), *numbers.values(), *sides]
    yield from _runs(mmsi, t, source, content, said)
    imo = numbers["imo"]
    named = np.flatnonzero(imo_valid(imo) & ~np.isin(imo, list(PLACEHOLDERS)))
    some, sources = mmsi[named], [source[row] for row in named.tolist()]
    yield from _runs(-imo[named], t[named], sources, [some], lambda row: (str(some[row]),))


def _runs(
    key: Ints, t: Ints, source: list[str], content: list[Ints], said: Callable[[int], tuple[str, ...]]
) -> Iterator[tuple[int, list[Run]]]:
    order = np.lexsort((t, key))
    differs = np.zeros(max(len(order) - 1, 0), np.bool_)
    for column in content:
        differs |= column[order[1:]] != column[order[:-1]]
    same = key[order[1:]] == key[order[:-1]]
    tied = same & (t[order[1:]] == t[order[:-1]])
    if (tied & differs).any():
        order, differs = _by_texts(order, tied, content, said)
    rows = order.tolist()
    keys = np.append(0, np.flatnonzero(~same) + 1).tolist() if rows else []
    heads = np.append(True, differs | ~same)
    times = list(zip(t[order].tolist(), (source[row] for row in rows), strict=True))
    for begin, end in pairwise([*keys, len(rows)]):
        cuts = [*(begin + np.flatnonzero(heads[begin:end])).tolist(), end] if end - begin > 1 else [begin, end]
        yield int(key[rows[begin]]), [(said(rows[first]), times[first:stop]) for first, stop in pairwise(cuts)]


def _by_texts(
    order: Ints, tied: Bools, content: list[Ints], said: Callable[[int], tuple[str, ...]]
) -> tuple[Ints, Bools]:
    """Rows of one key and second in the order of what they say, and which rows say other than the one before."""
    order, cuts = order.copy(), np.append(0, np.flatnonzero(~tied) + 1)
    for begin, end in zip(cuts.tolist(), [*cuts[1:].tolist(), len(order)], strict=True):
        if end - begin > 1:
            order[begin:end] = sorted(order[begin:end].tolist(), key=said)
    differs = np.zeros(len(order) - 1, np.bool_)
    for column in content:
        differs |= column[order[1:]] != column[order[:-1]]
    return order, differs


def _coded(column: Any) -> tuple[Ints, list[str]]:
    """Each row's number in a list of texts, no two of which are equal."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    texts = _cleaned(encoded.dictionary)
    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    number = np.array([place[text] for text in texts], np.int64)
    return number[encoded.indices.to_numpy(zero_copy_only=False)], list(place)


def _filled(column: Any, missing: int) -> Ints:
    return np.asarray(column.cast(pa.int64()).fill_null(missing).to_numpy())


def _cleaned(column: Any) -> list[str]:
    """Six-bit text ends at the first @ (M.1371-5, Table 47)."""
    plain = pc.replace_substring_regex(pc.fill_null(column, ""), "@.*", "")
    return _list(pc.utf8_upper(pc.utf8_trim_whitespace(plain)))


def _numbers(column: Any) -> list[str]:
    return ["" if not number else str(number) for number in _list(column)]


def _dimensions(rows: pa.Table) -> list[str]:
    sides = zip(*(_list(rows[name]) for name in _SIDES), strict=True)
    return ["/".join(map(str, one)) if None not in one and any(one) else "" for one in sides]


def _list(column: Any) -> list[Any]:
    """A column's plain values; a dictionary's are looked up once."""
    return list(column.to_pylist())
