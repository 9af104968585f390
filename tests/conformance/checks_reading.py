"""Sections 3.2 to 3.5, 3.7, 5.4 and 5.6: headers, sorting, filters, pages and envelopes."""

import re
from collections.abc import Callable
from itertools import pairwise

from conformance.bench import Bench, Check, must
from conformance.wire import OLD, Answer, campaign, indicator, new_id, query

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
SECOND, THIRD = "2024-06-01T08:00:00.123Z", "2024-07-01T08:00:00.456Z"
FIRST_HEADER, LAST_HEADER = "x-taxii-date-added-first", "x-taxii-date-added-last"
TYPES_2_1 = (
    *("attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator", "report"),
    *("infrastructure", "intrusion-set", "location", "malware", "malware-analysis", "note", "observed-data", "opinion"),
    *("threat-actor", "tool", "vulnerability", "relationship", "sighting", "artifact", "autonomous-system"),
    *("directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr", "ipv6-addr", "mac-addr"),
    *("mutex", "network-traffic", "process", "software", "url", "user-account", "windows-registry-key"),
    *("x509-certificate", "marking-definition", "language-content", "extension-definition"),
)


def _dated(name: str, path: str) -> Check:
    def check(bench: Bench) -> None:
        made = bench.added()
        answer = bench.one.ask(f"{bench.inbox}{path.format(id=made['id'])}")
        first, last = answer.headers[FIRST_HEADER], answer.headers[LAST_HEADER]
        assert TIME.fullmatch(first)
        assert TIME.fullmatch(last)
        assert first <= last

    check.__doc__ = f"GET …/{path} says when its first and last object were added, with six digits"
    return must(f"hdr-{name}", "3.2, 2")(check)


HEADER_CHECKS = [
    _dated("manifest", "manifest/"),
    _dated("objects", "objects/"),
    _dated("object", "objects/{id}/"),
    _dated("versions", "objects/{id}/versions/"),
]


@must("hdr-values", "3.2")
def _(bench: Bench) -> None:
    """The headers are the date_added of the first and the last object of the page"""
    dates = [one["date_added"] for one in bench.filled.ask(bench.shelf + "manifest/").objects]
    page = bench.page(limit="3")
    assert (page.headers[FIRST_HEADER], page.headers[LAST_HEADER]) == (dates[0], dates[2])


@must("sort-objects", "3.3")
def _(bench: Bench) -> None:
    """Objects come in ascending order of when they were added"""
    assert bench.page().ids == bench.filled.ask(bench.shelf + "manifest/").ids


@must("env-root", "3.7, 5.4")
def _(bench: Bench) -> None:
    """Content comes in an envelope"""
    found = bench.page().json
    assert found.keys() <= {"more", "next", "objects"}
    assert all(one["type"] == "indicator" for one in found["objects"])


@must("env-empty", "5.4, 2")
def _(bench: Bench) -> None:
    """Where there is nothing, the envelope is empty"""
    answer = bench.empty.ask(bench.empty.writable() + "objects/")
    assert (answer.status, answer.json) == (200, {})


@must("env-more", "3.7")
def _(bench: Bench) -> None:
    """`more` is a boolean, and absent or false on the last page"""
    assert bench.page(limit="6").json["more"] is True
    assert bench.page().json.get("more", False) is False


@must("aa-after", "3.4")
def _(bench: Bench) -> None:
    """`added_after` gives what was added later than that, and not at that time"""
    dates = [one["date_added"] for one in bench.filled.ask(bench.shelf + "manifest/").objects]
    assert bench.page(added_after=dates[2]).ids == bench.page().ids[3:]


@must("aa-oldest", "3.4")
def _(bench: Bench) -> None:
    """Without `added_after` the oldest come first"""
    assert bench.page(limit="2").ids == bench.page().ids[:2]


@must("aa-future", "3.4")
def _(bench: Bench) -> None:
    """Nothing was added after the end of time"""
    assert bench.page(added_after="2999-01-01T00:00:00.000000Z").json == {}


@must("aa-millis", "3.4, 2")
def _(bench: Bench) -> None:
    """A timestamp with fewer digits than six is understood"""
    assert bench.page(added_after="2000-01-01T00:00:00Z").ids == bench.page().ids


@must("limit-max", "3.4")
def _(bench: Bench) -> None:
    """A page never has more objects than `limit`"""
    assert [len(bench.page(limit=str(n)).objects) for n in (1, 2, 7)] == [1, 2, 7]


@must("limit-all", "3.4")
def _(bench: Bench) -> None:
    """If all fit into `limit`, all are there, and no more is promised"""
    for limit in ("7", "100", "1000000"):
        page = bench.page(limit=limit)
        assert len(page.objects) == 7
        assert not page.json.get("more")


@must("limit-manifest", "3.4, 5.3")
def _(bench: Bench) -> None:
    """`limit` and `more` hold for the manifest too"""
    found = bench.filled.ask(f"{bench.shelf}manifest/{query(limit='3')}").json
    assert len(found["objects"]) == 3
    assert found["more"] is True


@must("limit-versions", "3.4, 5.8")
def _(bench: Bench) -> None:
    """`limit` and `more` hold for versions too"""
    made = bench.added()
    bench.add(made | {"modified": SECOND}, made | {"modified": THIRD})
    found = bench.one.ask(f"{bench.inbox}objects/{made['id']}/versions/{query(limit='2')}").json
    assert (found["versions"], found["more"]) == ([OLD, SECOND], True)


def read_whole(bench: Bench, on: Callable[[Answer], dict[str, str]]) -> None:
    """Page after page, asking on as each page says: every object once, in order."""
    found, page = list[str](), bench.page(limit="2")
    while page.json.get("more"):
        found += page.ids
        page = bench.page(limit="2", **on(page))
    assert [*found, *page.ids] == bench.page().ids


@must("next-pages", "3.5")
def _(bench: Bench) -> None:
    """By `next` every object is read once, in order"""
    read_whole(bench, lambda page: {"next": page.json["next"]})


@must("next-added-after", "3.5")
def _(bench: Bench) -> None:
    """By `added_after` from the header every object is read once, in order"""
    read_whole(bench, lambda page: {"added_after": page.headers[LAST_HEADER]})


MALFORMED = {
    "bad-aa": "added_after=yesterday",
    "bad-aa-empty": "added_after=",
    "bad-aa-zone": "added_after=2024-01-01T00:00:00%2B07:00",
    "bad-aa-day": "added_after=2024-02-30T00:00:00Z",
    "bad-aa-two": "added_after=2024-01-01T00:00:00Z&added_after=2024-01-02T00:00:00Z",
    "bad-aa-list": "added_after=2024-01-01T00:00:00Z,2024-01-02T00:00:00Z",
    "bad-limit-zero": "limit=0",
    "bad-limit-neg": "limit=-1",
    "bad-limit-text": "limit=ten",
    "bad-limit-float": "limit=1.5",
    "bad-version": "match[version]=newest",
    "bad-version-all": "match[version]=all,last",
    "bad-version-twice": "match[version]=last,last",
    "bad-match-two": "match[type]=indicator&match[type]=malware",
    "bad-spec": "match[spec_version]=two",
}


def _refused(name: str, text: str) -> Check:
    def check(bench: Bench) -> None:
        for path in ("objects/", "manifest/"):
            answer = bench.filled.ask(f"{bench.shelf}{path}?{text}")
            assert answer.status == 400, answer
            assert answer.json["title"]

    check.__doc__ = f"`?{text}` is 400 on objects and manifest"
    return must(name, "3.4, 3.4.1")(check)


MALFORMED_CHECKS = [_refused(name, text) for name, text in MALFORMED.items()]


@must("match-id", "3.4.1")
def _(bench: Bench) -> None:
    """`match[id]` gives that object"""
    made = bench.added()
    assert bench.objects(id=made["id"]).ids == [made["id"]]


@must("match-id-or", "3.4.1")
def _(bench: Bench) -> None:
    """Several ids are joined by OR"""
    one, two = bench.added(), bench.added()
    assert set(bench.objects(id=f"{one['id']},{two['id']},{new_id()}").ids) == {one["id"], two["id"]}


@must("match-type", "3.4.1")
def _(bench: Bench) -> None:
    """`match[type]` gives that type only, several joined by OR"""
    one, two = indicator(), campaign()
    bench.add(one, two)
    both = f"{one['id']},{two['id']}"
    assert bench.objects(id=both, type="campaign").ids == [two["id"]]
    assert set(bench.objects(id=both, type="campaign,indicator").ids) == {one["id"], two["id"]}


@must("match-type-known", "3.4.1")
def _(bench: Bench) -> None:
    """No type of STIX 2.1 is an error"""
    assert {bench.objects(type=name).status for name in TYPES_2_1} == {200}


@must("match-and", "3.4")
def _(bench: Bench) -> None:
    """Different fields are joined by AND"""
    made = bench.added()
    assert bench.objects(id=made["id"], type="malware").json == {}
    assert bench.objects(id=made["id"], type="indicator", version=OLD).ids == [made["id"]]


@must("match-unknown", "3.4")
def _(bench: Bench) -> None:
    """A field that is not in the standard is ignored, or a 400"""
    made = bench.added()
    answer = bench.one.ask(f"{bench.inbox}objects/?match[id]={made['id']}&match[x_colour]=red")
    assert answer.status == 400 or answer.ids == [made["id"]]


def _three(bench: Bench) -> str:
    """An object with three versions, the middle one posted last; its id."""
    made = bench.added()
    bench.add(made | {"modified": THIRD})
    bench.add(made | {"modified": SECOND})
    return str(made["id"])


def _versioned(name: str, wanted: str | None, expected: list[str]) -> Check:
    def check(bench: Bench) -> None:
        made = _three(bench)
        asked = {} if wanted is None else {"version": wanted}
        for answer in (
            bench.objects(id=made, **asked),
            bench.one.ask(f"{bench.inbox}objects/{made}/{query(**asked)}"),
        ):
            assert sorted(one["modified"] for one in answer.objects) == expected
        assert sorted(one["version"] for one in bench.manifest(id=made, **asked).objects) == expected

    check.__doc__ = f"`match[version]={wanted}` of three versions gives {', '.join(expected) or 'none'}"
    return must(name, "3.4.1")(check)


VERSION_CHECKS = [
    _versioned("version-default", None, [THIRD]),
    _versioned("version-last", "last", [THIRD]),
    _versioned("version-first", "first", [OLD]),
    _versioned("version-all", "all", [OLD, SECOND, THIRD]),
    _versioned("version-value", SECOND, [SECOND]),
    _versioned("version-or", f"first,{SECOND}", [OLD, SECOND]),
    _versioned("version-none", "2001-01-01T00:00:00.000Z", []),
]


@must("spec-default", "3.4.1")
def _(bench: Bench) -> None:
    """Without `match[spec_version]` the latest one of each object comes"""
    made = bench.added()
    assert [one["spec_version"] for one in bench.objects(id=made["id"]).objects] == ["2.1"]


@must("spec-other", "3.4.1")
def _(bench: Bench) -> None:
    """Other specification versions than those asked for are not given"""
    made = bench.added()
    assert bench.objects(id=made["id"], spec_version="2.1").ids == [made["id"]]
    assert bench.objects(id=made["id"], spec_version="2.0").json == {}
    assert bench.objects(id=made["id"], spec_version="2.0,2.1").ids == [made["id"]]


@must("obj-envelope", "5.6")
def _(bench: Bench) -> None:
    """One object by its id comes in an envelope"""
    made = bench.added()
    assert bench.one.ask(f"{bench.inbox}objects/{made['id']}/").objects == [made]


@must("obj-none", "5.6")
def _(bench: Bench) -> None:
    """An object that is not there is 404 or an empty envelope"""
    for name in (new_id(), "x", "indicator--1"):
        answer = bench.one.ask(f"{bench.inbox}objects/{name}/")
        assert answer.status == 404 or answer.json == {}


@must("page-rising", "3.3, 3.5")
def _(bench: Bench) -> None:
    """Of one post, every page ends where the next begins: no two objects hide behind one time"""
    made = [indicator() for _ in range(12)]
    bench.add(*made)
    wanted = {"id": ",".join(one["id"] for one in made)}
    dates = [one["date_added"] for one in bench.manifest(**wanted).objects]
    assert len(dates) == 12
    assert all(a <= b for a, b in pairwise(dates))
