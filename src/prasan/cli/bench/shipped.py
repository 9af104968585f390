"""The real data that lines are measured on: what ships with the package."""

import gzip
import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

import pyarrow as pa

from prasan.feeds.files import read_source
from prasan.picture.position import POSITIONS, STATICS

NOW: Final = 1_790_000_000
NOAA: Final = Path(str(resources.files("prasan") / "data" / "ais" / "noaa_2022-01-03_sample.csv.gz"))
SAID_NOAA: Final = "real: the shipped NOAA sample, 99,999 rows of 10,631 vessels"
_STREAMS: Final = ("amsa_stream.nmea.gz", "dma_2010-06-11_stream.nmea.gz")
_SENTENCE: Final = re.compile(rb"![A-Z=]{2}VD[MO],[^*\r\n]{1,80}[*][0-9A-F]{2}")


@lru_cache(1)
def stream() -> bytes:
    """Shore and satellite receivers of two administrations, with all that lies between the sentences."""
    folder = resources.files("prasan") / "data" / "ais"
    return b"".join(gzip.decompress((folder / name).read_bytes()) for name in _STREAMS)


def sentences(text: bytes) -> list[bytes]:
    """Bare sentences, without what their source put before and behind them."""
    return _SENTENCE.findall(text)


@lru_cache(1)
def noaa() -> tuple[pa.Table, pa.Table]:
    """Positions and static reports of the NOAA sample."""
    batches = [item.batch for item in read_source(str(NOAA), NOW, None, "noaa")]
    positions = pa.Table.from_batches([one.positions for one in batches], POSITIONS).unify_dictionaries()
    return positions, pa.Table.from_batches([one.statics for one in batches], STATICS).unify_dictionaries()
