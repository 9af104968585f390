"""Homes made ready: settings, people, policies, the exercise feed, cards exchanged, accords signed by both sides."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import msgspec

from prasan.cli.demo.cast import ACCORDS, EXERCISE, PASSWORD_BYTES, PEOPLE, Office
from prasan.cli.introductions import introduce
from prasan.exercise.player import play
from prasan.exercise.sentences import to_nmea
from prasan.feeds.reference import load_scenario
from prasan.node.clock import Clock
from prasan.node.home import Home
from prasan.node.keeping.founding import found
from prasan.node.node import Node
from prasan.node.partners.partnering import adopt_policy
from prasan.node.people import add_user, create_token
from prasan.node.settings import Listen, Settings, SourceSetting

DATA = resources.files("prasan") / "data"


SYNC_EVERY_S = 120
"""The demo itself pulls when the story asks for it; from then on the nodes follow each other, for those who stay."""


class Player(msgspec.Struct, frozen=True):
    """One office with its home, its feeds and its logins (user -> password); `token` is the partner user's."""

    office: Office
    root: Path
    listen: Listen
    feeds: tuple[str, ...]
    logins: dict[str, str]
    token: str

    @property
    def url(self) -> str:
        """The web address."""
        return f"https://{self.listen.host}:{self.listen.port}"


def set_up(root: Path, pairs: list[tuple[Office, Listen]], sync_every_s: int = SYNC_EVERY_S) -> list[Player]:
    """Make the homes, and introduce those to each other that have an accord. With `sync_every_s` 0 no node pulls by
    itself."""
    homes = [_found(root / office.name, office, listen, sync_every_s) for office, listen in pairs]
    nodes = [Node(home) for home in homes]
    by_name = {node.settings.name: node for node in nodes}
    for first, second in ACCORDS:
        if first.name in by_name and second.name in by_name:
            text = introduce(by_name[first.name], by_name[second.name])
            folder = by_name[first.name].home.root / "accords"
            (folder / f"{second.name}.toml").write_text(text, encoding="utf-8")
    for node, (office, _) in zip(nodes, pairs, strict=True):
        policy = (DATA / "demo" / f"policy-{office.name}.toml").read_bytes()
        (node.home.root / "policies" / f"{office.name}.toml").write_bytes(policy)
        adopt_policy(node, policy, "demo")
    with ThreadPoolExecutor(len(nodes)) as pool:  # passwords are dear to hash
        players = [*pool.map(_people, nodes, [office for office, _ in pairs], [listen for _, listen in pairs])]
    for node in nodes:
        node.close()
    return players


def _found(home: Path, office: Office, listen: Listen, sync_every_s: int) -> Path:
    clock = Clock()
    identity = f"identity--{clock.uuid('node')}"
    settings = Settings(
        name=office.name,
        id=identity,
        country=office.country,
        language="th" if office.language == "th" else "en",
        title_en=office.title_en,
        title_th=office.title_th,
        exercise=True,
        sync_every_s=sync_every_s,
        listen=listen,
        source=[
            _controlled(source, identity) if source.name in office.controls else source for source in office.sources
        ],
    )
    found(home, settings, clock)
    if office.scenario:
        drawing = DATA / "demo" / f"{office.scenario}.geojson"
        (Home(home).areas / f"{EXERCISE}.geojson").write_bytes(drawing.read_bytes())
    return home


def _controlled(source: SourceSetting, identity: str) -> SourceSetting:
    return msgspec.structs.replace(source, orcon=[identity])


def _people(node: Node, office: Office, listen: Listen) -> Player:
    logins = {name: secrets.token_urlsafe(PASSWORD_BYTES) for name, _ in PEOPLE}
    for name, role in PEOPLE:
        add_user(node, name, role, logins[name])
    logins[office.partner_user] = secrets.token_urlsafe(PASSWORD_BYTES)
    add_user(node, office.partner_user, "partner", logins[office.partner_user], office.partner)
    token = create_token(node, office.partner_user)
    return Player(office, node.home.root, listen, _feeds(node, office), logins, token)


def _feeds(node: Node, office: Office) -> tuple[str, ...]:
    """Paths of the shipped feeds; the exercise is played into a file of the home."""
    paths = [str(DATA / name) for name in office.feeds]
    if office.scenario:
        folder = node.home.root / "feeds"
        folder.mkdir()
        path = folder / f"{EXERCISE}.nmea"
        path.write_bytes(to_nmea(play(load_scenario(office.scenario), EXERCISE)))
        paths.append(str(path))
    return tuple(paths)
