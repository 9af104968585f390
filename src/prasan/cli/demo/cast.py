"""Who plays in the demo: three exercise offices, their sources, their people. Everything here is data."""

from typing import Final

import msgspec

from prasan.node.settings import SourceSetting

EXERCISE: Final = "exercise-gulf-andaman"

PASSWORD_BYTES: Final = 9

PEOPLE: Final = (("watch", "watch"), ("admin", "admin"))
"""User name and role on each node."""


class Office(msgspec.Struct, frozen=True):
    """One node of the demo. `feeds` are file names under the shipped `data/`; `partner_user` reads over plain TAXII for
    the node `partner`. What rests on the sources that it `controls` goes on only by its consent."""

    name: str
    country: str
    language: str
    title_en: str
    title_th: str
    feeds: tuple[str, ...]
    sources: tuple[SourceSetting, ...]
    partner_user: str
    partner: str
    scenario: str = ""
    controls: tuple[str, ...] = ()


APACHE: Final = "Apache-2.0"

TH: Final = Office(
    name="th-mc",
    country="TH",
    language="th",
    title_en="Thai Maritime Centre (exercise)",
    title_th="ศูนย์ทางทะเลไทย (การฝึก)",
    partner_user="us-liaison",
    partner="us-mo",
    scenario="gulf-andaman",
    controls=(EXERCISE,),
    feeds=(
        "ais/amsa_stream.nmea.gz",
        "ais/gfw_mmsi_416000000.jsonl.gz",
        "incidents/piracy_attacks_1993_2015.csv.gz",
    ),
    sources=(
        SourceSetting(
            name="amsa",
            clock="2012-01-27 AMSA",
            tlp="green",
            match="amsa_stream*",
            licence=APACHE,
            attribution="Australian Maritime Safety Authority",
        ),
        SourceSetting(
            name="gfw-416000000",
            clock="2014-01 GFW",
            # Real data marked for the exercise: one of its events must be withheld for its marking.
            tlp="amber+strict",
            match="gfw_mmsi_416000000*",
            licence=APACHE,
            attribution="Global Fishing Watch",
        ),
        SourceSetting(
            name="piracy-1993-2015",
            clock="1993-2015 reports",
            tlp="clear",
            match="piracy_attacks*",
            licence="CC-BY-4.0",
            attribution="Benden, Feng, Howell, Dalla Riva: Crime at Sea (2021)",
            url="https://doi.org/10.5334/johd.39",
        ),
        SourceSetting(name=EXERCISE, clock="2026-03-02 exercise", tlp="amber", match=f"{EXERCISE}*", exercise=True),
    ),
)

US: Final = Office(
    name="us-mo",
    country="US",
    language="en",
    title_en="US Maritime Office (exercise)",
    title_th="สำนักงานทางทะเลสหรัฐ (การฝึก)",
    partner_user="th-liaison",
    partner="th-mc",
    feeds=(
        "ais/noaa_2022-01-03_sample.csv.gz",
        "ais/dma_2010-06-11_stream.nmea.gz",
        "ais/gfw_mmsi_338013000.jsonl.gz",
    ),
    sources=(
        SourceSetting(
            name="noaa",
            clock="2022-01-03 NOAA",
            tlp="clear",
            match="noaa_2022*",
            licence="public domain",
            attribution="NOAA, US Coast Guard (MarineCadastre)",
        ),
        SourceSetting(
            name="dma",
            clock="2010-06-11 DMA",
            tlp="green",
            match="dma_2010*",
            licence=APACHE,
            attribution="Danish Maritime Authority",
        ),
        SourceSetting(
            name="gfw-338013000",
            clock="2017-07 GFW",
            tlp="green",
            match="gfw_mmsi_338013000*",
            licence=APACHE,
            attribution="Global Fishing Watch",
        ),
    ),
)

MY: Final = Office(
    name="my-mc",
    country="MY",
    language="en",
    title_en="Malaysian Maritime Centre (exercise)",
    title_th="ศูนย์ทางทะเลมาเลเซีย (การฝึก)",
    partner_user="us-liaison",
    partner="us-mo",
    feeds=(),
    sources=(),
)

ACCORDS: Final = ((TH, US), (US, MY))
"""Who has signed with whom. The first and the third do not know each other: what goes between them goes by consent."""
