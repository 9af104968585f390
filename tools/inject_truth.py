"""Put known events into real tracks, so that detectors can be examined on traffic that nobody here made up.

    python tools/inject_truth.py TRACKS... --seed 1 --out DIR [--before EVENTS]

TRACKS are AIS files in any dialect that Prasan reads. DIR gets `ais.nmea` and `truth.jsonl` for `prasan score`:

- silences: the reports of a vessel under way are taken out for 7 to 20 hours. Demanded: it made good 3 knots or more
  over the hour and a half before, and from the last fix but one to the last; five others (`--others`) were heard within
  20 km of its way during the silence, one or more of them in half of its steps. What it did in the silence is not
  asked: it may have anchored. A step is ten minutes, or twice the vessel's usual interval if that is longer. Truth:
  gap; `observable` if, besides, it was heard in fourteen steps of the twelve hours before and would have been in nine
  tenths of those of the silence;
- station outages: all reports from one square of a degree for some hours are taken out (a look-alike, not a gap);
- splices: one vessel's reports are sent under the number of another (truth: duplicate_identity; observable if five
  steps between the two are faster than any hull; its speed jumps are not judged);
- approaches: a made-up vessel comes to one that lies still at sea, more than 10 km from ports and from the shore, lies
  alongside, leaves (truth: encounter).

What was in the tracks before is nobody's truth: with --before, the events that `prasan detect` finds in the untouched
tracks (made with --untouched) are listed as `unjudged` and set aside by the score; without it they count as false.
"""

import argparse
import datetime as dt
import functools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from prasan.cli.simulate import load_setting
from prasan.exercise.area import AREAS
from prasan.feeds.files import read_sources
from prasan.feeds.reference import reference_world
from prasan.formats.nmea_encode import encode_positions
from prasan.picture.position import POSITIONS, UNITS_PER_DEGREE
from prasan.picture.sphere import EARTH_M, KNOT_MS

HOUR = 3600
STEP_S = 600
SILENCE_H = (7.0, 20.0)
OUTAGE_H = (7.0, 16.0)
ALONGSIDE_H = (2.5, 6.0)
OBSERVABLE = load_setting(AREAS[0]).ranges.observable
"""What the simulator calls observable."""
NEIGHBOURS = int(OBSERVABLE["neighbours"])
WITH_THEM = OBSERVABLE["neighbour_share"]
BEFORE_H = 1.5
UNDER_WAY_KN = 3.0
TRIES = 12
PORT_KM = 10.0
SHORE_KM = 10.0
FASTEST_KN = OBSERVABLE["fastest_kn"]
FAST_STEPS = 5
STILL_KM = 2.0
KM_PER_DEGREE = np.pi / 180 * EARTH_M / 1000

Columns = dict[str, npt.NDArray[Any]]
Line = dict[str, Any]


def read(paths: list[str]) -> Columns:
    """All positions, each vessel under a number of the form of a ship's, by time."""
    table = pa.concat_tables(pa.Table.from_batches([item.batch.positions]) for item in read_sources(paths, None))
    made: Columns = {
        name: table[name].cast(pa.float64()).to_numpy() for name in ("lat", "lon", "sog", "cog", "ais_class")
    }
    made |= {name: table[name].cast(pa.int64()).to_numpy() for name in ("t", "mmsi")}
    made["mmsi"] = np.where(made["mmsi"] < 200_000_000, 538_900_000 + made["mmsi"] % 100_000, made["mmsi"])
    made["lat"], made["lon"] = made["lat"] / UNITS_PER_DEGREE, made["lon"] / UNITS_PER_DEGREE
    keep = np.flatnonzero(~np.isnan(made["lat"]) & ~np.isnan(made["lon"]))
    return take(made, keep[np.argsort(made["t"][keep], kind="stable")])


def take(rows: Columns, at: npt.NDArray[Any]) -> Columns:
    """The rows at a mask or at indices."""
    return {name: column[at] for name, column in rows.items()}


def km(rows: Columns, lat: float, lon: float) -> npt.NDArray[np.float64]:
    """Kilometres from every row to a point, on a plane."""
    east = (rows["lon"] - lon) * np.cos(np.radians(lat))
    return np.asarray(np.hypot(rows["lat"] - lat, east) * KM_PER_DEGREE)


def silence(
    rows: Columns, random: np.random.Generator, used: set[int], others: int = NEIGHBOURS
) -> tuple[Columns, list[Line]]:
    """One vessel under way, with so many others around it, says nothing for some hours."""
    for mmsi in random.permutation(np.unique(rows["mmsi"])).tolist():
        own = np.flatnonzero(rows["mmsi"] == mmsi)
        t = rows["t"][own]
        length = random.uniform(*SILENCE_H) * HOUR
        if mmsi in used or len(own) < 20 or t[-1] - t[0] < length + 8 * HOUR:
            continue
        starts = [
            s for s in t[(t > t[0] + 6 * HOUR) & (t < t[-1] - length)].tolist() if _knots(rows, own, s) >= UNDER_WAY_KN
        ]
        for start in random.permutation(starts)[:TRIES].tolist():
            gone = own[(t > start) & (t < start + length)]
            line = _gap(rows, gone, start, length) if len(gone) else {}
            if line and line["neighbours"] >= others and (line["neighbour_share"] >= WITH_THEM or not others):
                used.add(mmsi)
                return take(rows, ~np.isin(np.arange(len(rows["t"])), gone)), [line]
    return rows, []


def _knots(rows: Columns, own: npt.NDArray[Any], until: float) -> float:
    """What a vessel made good in the time before and in its last step, the lower of both; 0 if it was hardly heard."""
    t = rows["t"][own]
    some = take(rows, own[(t >= until - BEFORE_H * HOUR) & (t <= until)])
    if len(some["t"]) < 2 or some["t"][-1] - some["t"][0] < HOUR / 2:
        return 0.0
    hours = np.maximum(some["t"][-1] - some["t"], 1) / HOUR
    knots = km(some, some["lat"][-1], some["lon"][-1]) / 1.852 / hours
    return float(min(knots[0], knots[-2]))


def _gap(rows: Columns, gone: npt.NDArray[Any], start: float, length: float) -> Line:
    """The truth about a silence, from the reports that were taken out."""
    own, mmsi = take(rows, gone), int(rows["mmsi"][gone[0]])
    near = np.zeros(len(rows["t"]), np.bool_)
    inside = (rows["t"] > start) & (rows["t"] < start + length)
    for lat, lon in {(round(a, 2), round(b, 2)) for a, b in zip(own["lat"], own["lon"], strict=True)}:
        near |= inside & (km(rows, lat, lon) < OBSERVABLE["neighbour_km"])
    others = take(rows, near & (rows["mmsi"] != mmsi))
    step = max(STEP_S, 2 * float(np.median(np.diff(rows["t"][rows["mmsi"] == mmsi]))))
    heard, with_them = (min(len(np.unique(x["t"] // step)) / (length / step), 1.0) for x in (own, others))
    before = (rows["mmsi"] == mmsi) & (rows["t"] <= start) & (rows["t"] > start - 12 * HOUR)
    neighbours, earlier = len(np.unique(others["mmsi"])), len(np.unique(rows["t"][before] // step))
    line = event("gap", "transmitter_off", [mmsi], (start, start + length), own)
    enough = neighbours >= NEIGHBOURS and with_them >= WITH_THEM and earlier >= OBSERVABLE["before"]
    seen = {"heard_share": round(heard, 3), "neighbours": neighbours, "neighbour_share": round(with_them, 3)}
    known = heard >= OBSERVABLE["dark_share"] and enough
    return line | seen | {"steps_heard_before": earlier, "observable": bool(known)}


def outage(rows: Columns, random: np.random.Generator, used: set[int]) -> tuple[Columns, list[Line]]:
    """Nothing is heard from a square of a degree for some hours."""
    at = int(random.integers(len(rows["t"])))
    lat, lon = np.floor(rows["lat"][at]), np.floor(rows["lon"][at])
    length = random.uniform(*OUTAGE_H) * HOUR
    start = random.uniform(rows["t"][0] + 6 * HOUR, rows["t"][-1] - length)
    square = (np.floor(rows["lat"]) == lat) & (np.floor(rows["lon"]) == lon)
    gone = square & (rows["t"] > start) & (rows["t"] < start + length)
    hit = sorted(set(rows["mmsi"][gone].tolist()) - used)
    used.update(hit)
    told = [
        event("gap", "station_outage", [m], (start, start + length), take(rows, gone & (rows["mmsi"] == m)))
        for m in hit
    ]
    return take(rows, ~gone), [line | {"row": "innocent"} for line in told]


def splice(rows: Columns, random: np.random.Generator, used: set[int]) -> tuple[Columns, list[Line]]:
    """One vessel's reports go out under the number of another, far enough away at the time."""
    numbers = [m for m in random.permutation(np.unique(rows["mmsi"])).tolist() if m not in used]
    for first in numbers:
        for second in numbers[:40]:
            a, b = (take(rows, rows["mmsi"] == m) for m in (first, second))
            start, end = max(a["t"][0], b["t"][0]), min(a["t"][-1], b["t"][-1])
            if first == second or end - start < 6 * HOUR or _closest(a, b, start, end) < 30:
                continue
            used.update((first, second))
            changed = rows | {"mmsi": np.where(rows["mmsi"] == second, first, rows["mmsi"])}
            told = event("duplicate_identity", "two_hulls_one_mmsi", [first], (start, end), a)
            jump = event("speed_jump", "two_hulls_one_mmsi", [first], (start, end), a) | {"row": "unjudged"}
            return changed, [told | {"observable": _fast_steps(a, b, start, end) >= FAST_STEPS}, jump]
    return rows, []


def _fast_steps(a: Columns, b: Columns, start: float, end: float) -> int:
    """How many steps from one vessel to the other are faster than any hull."""
    both = {name: np.concatenate((a[name], b[name])) for name in ("t", "lat", "lon", "mmsi")}
    order = np.argsort(both["t"], kind="stable")
    both = take(both, order[(both["t"][order] >= start) & (both["t"][order] <= end)])
    north = np.diff(both["lat"])
    east = np.diff(both["lon"]) * np.cos(np.radians(both["lat"][1:]))
    metres = np.hypot(north, east) * KM_PER_DEGREE * 1000
    fast = metres > FASTEST_KN * KNOT_MS * (np.diff(both["t"]) + 60)  # stamps may be cut to the minute
    return int((fast & (np.diff(both["mmsi"]) != 0)).sum())


def _closest(a: Columns, b: Columns, start: float, end: float) -> float:
    t = np.arange(start, end, HOUR)
    (lat1, lon1), (lat2, lon2) = ((np.interp(t, x["t"], x["lat"]), np.interp(t, x["t"], x["lon"])) for x in (a, b))
    east = (lon2 - lon1) * np.cos(np.radians(lat1))
    return float((np.hypot(lat2 - lat1, east) * KM_PER_DEGREE).min())


def approach(rows: Columns, random: np.random.Generator, used: set[int]) -> tuple[Columns, list[Line]]:
    """A made-up vessel lies alongside one that lies still outside of ports, and leaves."""
    for mmsi in random.permutation(np.unique(rows["mmsi"])).tolist():
        own = take(rows, rows["mmsi"] == mmsi)
        length = random.uniform(*ALONGSIDE_H) * HOUR
        found = None if mmsi in used or len(own["t"]) < 10 else _still(own, length + HOUR)
        if found is not None:
            number = 538_990_000 + len(used)
            used.update((mmsi, number))
            host = take(own, (own["t"] >= found) & (own["t"] <= found + length + HOUR))
            met = found + HOUR / 2
            visitor = _visitor(host, number, met, length, random)
            both = {name: np.concatenate((rows[name], visitor[name])) for name in rows}
            told = event("encounter", "alongside", sorted((mmsi, number)), (met, met + length), host)
            return take(both, np.argsort(both["t"], kind="stable")), [told]
    return rows, []


def _still(own: Columns, length: float) -> float | None:
    """When a vessel lies within `STILL_KM` for so long, reporting every hour or so, more than `PORT_KM` from a port."""
    for at in range(0, len(own["t"]), 3):
        window = (own["t"] >= own["t"][at]) & (own["t"] <= own["t"][at] + length)
        if (
            own["t"][-1] < own["t"][at] + length
            or np.diff(own["t"][window], append=own["t"][at] + length).max() > 1.5 * HOUR
        ):
            continue
        lat, lon = float(own["lat"][at]), float(own["lon"][at])
        if km(take(own, window), lat, lon).max() < STILL_KM:
            world = reference_world()
            port, shore = world.ports.nearest_m([lat], [lon])[0] / 1000, world.shore_m([lat], [lon])[0] / 1000
            return float(own["t"][at]) if port > PORT_KM and shore > SHORE_KM else None
    return None


def _visitor(host: Columns, number: int, start: float, length: float, random: np.random.Generator) -> Columns:
    """Straight in from 40 km at ten knots, 40 m off the host for a time, straight out."""
    travel = 40_000 / (10 * KNOT_MS)
    t = np.arange(int(start - travel), int(start + length + travel), STEP_S)
    out = np.clip(np.maximum(start - t, t - start - length), 0, None) * 10 * KNOT_MS / 1000
    way = random.uniform(0, 2 * np.pi)
    lat, lon = np.interp(t, host["t"], host["lat"]), np.interp(t, host["t"], host["lon"])
    lat = lat + (out * np.cos(way) + 0.04) / KM_PER_DEGREE
    lon = lon + out * np.sin(way) / KM_PER_DEGREE / np.cos(np.radians(lat))
    nothing = np.full(len(t), np.nan)
    return {
        "t": t, "mmsi": np.full(len(t), number), "lat": lat, "lon": lon, "sog": nothing, "cog": nothing,
        "ais_class": np.zeros(len(t)),
    }  # fmt: skip


def event(kind: str, what: str, mmsi: list[int], span: tuple[float, float], own: Columns) -> Line:
    """A line of truth; `own` are the reports that say where."""
    return {
        "row": "event", "kind": kind, "what": what, "mmsi": mmsi, "start": iso(span[0]), "end": iso(span[1]),
        "lat": round(float(own["lat"][0]), 5), "lon": round(float(own["lon"][0]), 5), "observable": True,
    }  # fmt: skip


def iso(t: float) -> str:
    """Seconds UTC -> ISO 8601 with a Z."""
    return dt.datetime.fromtimestamp(int(t), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unjudged(path: str | None) -> list[Line]:
    """Events found in the untouched tracks, as lines that the score sets aside."""
    if path is None:
        return []
    lines = [json.loads(line) for line in Path(path).read_text().splitlines() if line.strip()]
    return [{"row": "unjudged", **{name: one[name] for name in ("kind", "mmsi", "start", "end")}} for one in lines]


def nmea(rows: Columns) -> bytes:
    """The tracks as tagged sentences; the square of a degree stands for the station."""
    squares = [f"N{int(a):+d}E{int(b):+d}" for a, b in zip(np.floor(rows["lat"]), np.floor(rows["lon"]), strict=True)]
    given: dict[str, Any] = {
        "lat": np.rint(rows["lat"] * UNITS_PER_DEGREE), "lon": np.rint(rows["lon"] * UNITS_PER_DEGREE),
        "t": rows["t"], "mmsi": rows["mmsi"], "sog": rows["sog"], "cog": rows["cog"], "ais_class": rows["ais_class"],
    }  # fmt: skip
    arrays = []
    for field in POSITIONS:
        if field.name in given:
            column = pa.array(np.asarray(given[field.name], np.float64), from_pandas=True)
            arrays.append(column.cast(field.type))
        elif field.name in ("source", "station"):
            arrays.append(pa.array(squares).dictionary_encode())
        else:
            arrays.append(pa.array(np.zeros(len(squares)), field.type))
    table = pa.Table.from_arrays(arrays, schema=POSITIONS)
    return b"".join(encode_positions(table))


def main() -> int:
    """Read, inject, write; one JSON line says what was injected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--before", help="events of the untouched tracks")
    parser.add_argument("--untouched", action="store_true", help="inject nothing: only write the tracks as they are")
    for name, count in (("silences", 12), ("outages", 2), ("splices", 3), ("approaches", 3)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--others", type=int, default=NEIGHBOURS, help="vessels to be heard around a silence")
    given = parser.parse_args()
    rows, random, used, told = read(given.tracks), np.random.default_rng(given.seed), set[int](), list[Line]()
    days = len(np.unique(np.stack((rows["mmsi"], rows["t"] // 86_400)), axis=1).T)
    hush = functools.partial(silence, others=given.others)
    acts = ((splice, given.splices), (approach, given.approaches), (hush, given.silences), (outage, given.outages))
    for act, count in acts if not given.untouched else ():
        for _ in range(count):
            rows, lines = act(rows, random, used)
            told += lines
    folder = Path(given.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ais.nmea").write_bytes(nmea(rows))
    run = {"row": "run", "seed": given.seed, "vessel_days": float(days), "tracks": [Path(p).name for p in given.tracks]}
    lines = [run, *told, *unjudged(given.before)]
    (folder / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    whats = [line["what"] for line in told if line["row"] != "unjudged"]
    counts = {what: whats.count(what) for what in sorted(set(whats))}
    sys.stdout.write(json.dumps({"rows": len(rows["t"]), "vessel_days": days, "injected": counts}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
