"""`prasan.toml`: what a node is called, where it listens and what it knows of its sources."""

import fnmatch
import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec
import tomli_w

from prasan.errors import UsageError
from prasan.picture.marking import Marking, Tlp
from prasan.picture.source import Source, Terms

FILE: Final = "prasan.toml"


class Listen(msgspec.Struct, frozen=True):
    """Where the node's two doors are. `peer_port` is for partner nodes only."""

    host: str = "127.0.0.1"
    port: int = 8440
    peer_port: int = 8441


class SourceSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[source]]` table. `match` is a file name pattern that picks this source without naming it."""

    name: str
    clock: str = "file"
    tlp: str = "amber"
    match: str = ""
    exercise: bool = False
    rel_to: list[str] | None = None
    orcon: list[str] = []
    purposes: list[str] | None = None
    onward: bool = True
    derived: bool = True
    store_days: int | None = None
    licence: str = ""
    attribution: str = ""
    url: str = ""

    def source(self) -> Source:
        """The source as the picture knows it. UsageError if the TLP label is none."""
        try:
            tlp = Tlp.parse(self.tlp)
        except ValueError as error:
            remedy = "Use clear, green, amber, amber+strict or red."
            raise UsageError(f"source '{self.name}': {error}", remedy) from None
        marking = Marking(
            tlp=tlp,
            rel_to=None if self.rel_to is None else frozenset(self.rel_to),
            orcon=frozenset(self.orcon),
            purposes=None if self.purposes is None else frozenset(self.purposes),
            exercise=self.exercise,
        )
        terms = Terms(self.store_days, self.onward, self.derived)
        return Source(self.name, self.clock, marking, terms, self.licence, self.attribution, self.url)


class FeedSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[feed]]` table: a live feed that `serve` keeps open. `source` names the `[[source]]` that its rows are of.

    `format` forces a dialect. `hello` is sent after connecting (TCP, websocket): a login or a subscription. `every_s`
    is the least time between two polls. `silent_s` and `behind_s`: when it counts as silent, and its clock as off.
    """

    url: str
    source: str = ""
    format: str = ""
    hello: str = ""
    every_s: float = 60.0
    silent_s: float = 300.0
    behind_s: float = 600.0


class RelaySetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[[relay]]` table: where a partner, by its name, may read positions as they come, as NMEA over TCP.

    The connection is not encrypted, so `host` is this machine only unless you say otherwise.
    """

    partner: str
    port: int
    host: str = "127.0.0.1"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    id: str
    country: str
    language: Literal["en", "th"] = "en"
    title_en: str = ""
    title_th: str = ""
    exercise: bool = False
    sync_every_s: int = 30
    look_every_s: float = 1.0
    own_vessels: list[int] = []
    listen: Listen = Listen()
    source: list[SourceSetting] = []
    feed: list[FeedSetting] = []
    relay: list[RelaySetting] = []

    def source_for(self, name: str) -> Source:
        """The declared source of this name or whose pattern matches it; an undeclared one is TLP:AMBER and unshared.

        A feed that is not declared goes by the clock "live", a file by the clock "file".
        """
        for setting in self.source:
            if name == setting.name or (setting.match and fnmatch.fnmatch(name, setting.match)):
                return setting.source()
        live = "://" in name or any(name == feed.source for feed in self.feed)
        return SourceSetting(name=name, clock="live" if live else "file", exercise=self.exercise).source()

    def title(self, language: str) -> str:
        """The node's name for people."""
        return (self.title_th if language == "th" else self.title_en) or self.name


def load(home: Path) -> Settings:
    """Read a home's settings. UsageError if there is no home or the file does not hold."""
    path = home / FILE
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Settings)
    except FileNotFoundError:
        raise UsageError(f"{home} is not a node home: it has no {FILE}", "Make one with 'prasan init'.") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} does not hold: {error}", "Mend that line and try again.") from None


def dump(settings: Settings) -> str:
    """The settings as TOML text."""
    values = msgspec.to_builtins(settings)
    values["source"] = [{k: v for k, v in source.items() if v is not None} for source in values["source"]]
    return tomli_w.dumps(values)
