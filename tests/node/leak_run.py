"""One node through one plan, whole or without one of its objects, and everything that everybody was answered."""

from collections import Counter
from typing import Any, NamedTuple

import orjson

from canary_search import search
from node import leak_doors as doors
from node.leak_plan import NAMES, Plan, Seeded
from node.leak_world import World
from node.node_kit import START_US, event_value, their_object, uuid_of
from prasan.errors import UsageError
from prasan.exchange.inquiry import TYP
from prasan.exchange.intake import Accepted
from prasan.exchange.jws import sign
from prasan.formats.stix import format_time, peek
from prasan.formats.stix_build import Stamp, Vessel, common, encode, event_object, incident_object, vessel_object
from prasan.formats.stix_consent import Consent, Terms, consent_object, onto
from prasan.formats.stix_control import Recall, Receipt, recall_object, receipt_object
from prasan.formats.stix_ids import EVENT, INCIDENT, VESSEL, object_id, type_of
from prasan.formats.stix_request import Change, Question, request_id, request_object, write_change
from prasan.node.acts.asking import Ask, ask
from prasan.node.acts.consenting import answer_pulled
from prasan.node.objects import PUBLIC, STAFF, Kept, Made, keep_made, object_row, put
from prasan.node.partners.partnering import adopt_policy, suspend
from prasan.node.releasing.consented import sent_of
from prasan.node.releasing.publish import work_due
from prasan.node.releasing.recall import lift, recall
from prasan.node.releasing.revoking import revoke
from prasan.picture.finding import KINDS, Fix
from prasan.picture.incident import Incident
from prasan.picture.marking import Marking, Tlp
from prasan.release.facts import content_of

RECIPIENTS = (*NAMES, "staff", "public")
Answers = dict[str, doors.Told]
"""Recipient -> door -> answers."""


class Run:
    """`left_out` is the name of an object that is not there at all; answers are asked for `to` only."""

    def __init__(self, plan: Plan, world: World, left_out: str = "", to: tuple[str, ...] = RECIPIENTS) -> None:
        self.plan, self.world, self.left_out, self.to = plan, world, left_out, to
        self.kit = world.again()
        self.told: Answers = {name: {} for name in to}
        self.asked_of: set[tuple[str, str]] = set()
        self.posted: dict[str, tuple[str, str]] = {}

    def go(self) -> Answers:
        """Every answer, after each step of the plan."""
        plan, kit = self.plan, self.kit
        if plan.early:
            self.hijack()
        for one in plan.store:
            self.put(one)
        adopt_policy(kit.node, plan.policies[0], "test")
        self.ask(doors.reads)
        work_due(kit.node)
        kit.wait(plan.wait_h)
        listening = doors.Listening(self.world) if plan.web and "staff" in self.to else None
        self.happen()
        adopt_policy(kit.node, plan.policies[1], "test")
        self.ask(doors.reads)
        if plan.worked:
            work_due(kit.node)
        kit.wait(plan.wait_h)
        if plan.suspended:
            suspend(kit.node, plan.suspended, True)
        self.ask(doors.reads)
        self.ask(lambda world, name: doors.everything(world, plan, name))
        work_due(kit.node)
        self.read_at_rest()
        if listening:
            doors.add(self.told["staff"], listening.end())
        if not plan.early:
            self.hijack()
            self.after_hijack()
        return self.told

    def ask(self, what: Any) -> None:
        for name in self.to:
            if name in NAMES:
                doors.add(self.told[name], what(self.world, name))

    def read_at_rest(self) -> None:
        for name in self.to:
            if name in NAMES:
                doors.add(self.told[name], doors.in_files(self.world, self.plan, name))
            else:
                doors.add(self.told[name], doors.classes(self.world, self.plan, name))
        if self.plan.web:
            for name, user in (("us-mo", "us-mo"), ("public", "nobody")):
                if name in self.to:
                    doors.add(self.told[name], doors.accounts(self.world, self.plan, user))

    # What comes

    def put(self, one: Seeded, version: int = 1) -> None:
        """The planted word stands in properties that no built view may hold."""
        if one.name == self.left_out:
            return
        planted = {"x_secret": one.word, "external_references": [{"source_name": one.word}]}
        planted["description"] = f"{one.word} {version}"
        if one.origin != "own":
            self.receive(one, version, planted)
            return
        raw = self.build(one, planted)

        def made(stamp: Stamp) -> bytes:
            times = {"created": format_time(stamp.created), "modified": format_time(stamp.modified)}
            return orjson.dumps(orjson.loads(raw) | times)

        with self.kit.node.store.write() as tx:
            keep_made(
                self.kit.node, tx, Made(one.name, made, one.marking, one.terms, one.tags, sources=one.sources)
            )  # fmt: skip

    def build(self, one: Seeded, planted: dict[str, Any]) -> bytes:
        stamp = self.kit.stamp()
        if one.kind == VESSEL:
            fix = Fix(1_700_000_000, int(one.key), 9.1, 100.5)
            raw = vessel_object(
                Vessel(int(one.key), 9074729, f"SEA {one.key}", "HS1", "TH", 70, fix), stamp, one.marking
            )
        elif one.kind == INCIDENT:
            report = Incident(
                one.key, 1_000_000_000, "day", 3.25, 100.75, "boarded", "anchored", "tanker", "IDN", "imb"
            )
            raw = incident_object(report, stamp, one.marking)
        elif one.kind == "identity":
            raw = encode(common(one.name, stamp, one.marking) | {"name": f"Agency {one.key}"})
        else:
            raw = event_object(event_value(one.key, one.kind, one.marking, lat=one.lat), one.vessels, stamp)
        return orjson.dumps(orjson.loads(raw) | planted)

    def receive(self, one: Seeded, version: int, planted: dict[str, Any]) -> None:
        """An object as a page of its sender leaves it here."""
        kit, sender = self.kit, self.world.partners[one.origin].id
        kind = EVENT if one.kind in KINDS else one.kind
        times = {"modified": format_time(START_US / 1e6 - 3600 + version)}
        raw = their_object(sender, one.key, kind, one.marking, **planted, **times)
        header, now_us = peek(raw), kit.hands.now_us
        kept = Kept(content_of(raw, header), now_us / 1e6, onward=one.onward)
        with kit.node.store.write() as tx:
            put(kit.node, tx, object_row(raw, header, sender, one.marking, kept, now_us))

    # What is done

    def happen(self) -> None:
        """What officers do and partners post between the two policies."""
        for act in self.plan.acts:
            if act.name != self.left_out:
                self.act(act.what, act.name, act.to)
        for one in self.plan.store:
            if one.again:
                self.put(one, 2)
        for number, (who, kind, about) in enumerate(self.plan.posts):
            raw = self.post_of(who, kind, about, f"KANARI{self.plan.seed % 10**6:06d}{number:03d}P")
            self.post(who, raw)

    def act(self, what: str, name: str, to: str) -> None:
        node = self.kit.node
        try:
            if what == "revoke":
                revoke(node, name)
            elif what == "recall":
                recall(node, name, to, "for a reason")
            elif what == "lift":
                lift(node, name, to)
            else:
                self.consent(name, to)
        except UsageError:
            return

    def consent(self, name: str, to: str) -> None:
        """Ask the originator, who gives its consent."""
        node = self.kit.node
        row = ask(node, Ask(name, to))
        origin = next(one for one, partner in self.world.partners.items() if partner.id == row.partner)
        self.asked_of.add((name, origin))
        sent = sent_of(row)
        given = Consent(terms=sent.terms, state="given", expires=sent.expires, answers=row.id)
        stamp = Stamp(row.partner, self.kit.hands.now_us / 1e6, self.kit.hands.now_us / 1e6)
        raw = consent_object(given, stamp, Marking(tlp=Tlp.AMBER))
        none: Any = None
        with node.store.write() as tx:
            answer_pulled(node, tx, row.partner, Accepted(peek(raw), raw, "", none, b"", Marking(), same=False))

    def post_of(self, who: str, kind: str, about: str, word: str) -> bytes:
        """What a partner posts about an object that it may know or not."""
        partner = self.world.partners[who]
        now = self.kit.hands.now_us / 1e6
        stamp, green = Stamp(partner.id, now, now), Marking(tlp=Tlp.GREEN, exercise=True)
        name = object_id(kind, partner.id, about)
        head = common(name, stamp, green) | {"x_secret": word}
        self.posted[name] = (who, word)
        said: dict[str, dict[str, Any]] = {
            "note": {"content": "seen as well", "object_refs": [about]},
            "opinion": {"opinion": "agree", "object_refs": [about]},
            "sighting": {"sighting_of_ref": about},
            "incident": {"name": "a report"},
        }
        if kind in said:
            return encode(head | said[kind])
        if kind in ("consent", "request"):
            return self.their_ask(who, about, stamp) if kind == "consent" else self.their_request(who, about, stamp)
        asked = Recall(self.kit.id, about, (format_time(now),), "officer", now + 3600, "")
        receipt = Receipt("prasan-recall--" + about.partition("--")[2], (about,))
        return recall_object(asked, stamp, green) if kind == "recall" else receipt_object(receipt, stamp, green)

    def their_ask(self, who: str, about: str, stamp: Stamp) -> bytes:
        """A consent asked for an object, by the terms of the accord."""
        partner, third = self.world.partners[who], next(name for name in NAMES if name != who)
        terms = Terms(
            nonce=uuid_of(f"{who}{about}"),
            accord=self.world.accords[who].hash,
            target_id=about,
            requester=partner.id,
            recipients=onto([(self.world.partners[third].id, third)]),
            purpose="maritime_security",
        )
        return consent_object(Consent(terms=terms, state="asked", expires=int(stamp.modified) + 3600), stamp, Marking())

    def their_request(self, who: str, about: str, stamp: Stamp) -> bytes:
        """A request for information about an object."""
        partner = self.world.partners[who]
        until = format_time(stamp.modified + 86_400)
        question = Question(
            asker=partner.id, asked=self.kit.id, nonce=uuid_of(f"ask {who}{about}"), purpose="maritime_security",
            priority="routine", needed_by=until,
        )  # fmt: skip
        first = Change(
            request=request_id(question), n=0, prev="", state="sent", at=format_time(stamp.modified),
            text="What is it?", refs=(about,), question=question,
        )  # fmt: skip
        text = sign(write_change(first), TYP, partner.key)
        return request_object(first.request, [text], stamp, Marking(tlp=Tlp.AMBER_STRICT))

    def post(self, who: str, raw: bytes) -> None:
        """Post, and ask how it went."""
        us = self.world.partners[who].id
        path = f"{doors.ROOT}collections/inbox/objects/"
        answer = self.world.taxii(us, path, method="POST", body=b'{"objects":[' + raw + b"]}")
        assert answer.status == 202, answer.body
        if who in self.to:
            status = self.world.taxii(us, f"{doors.ROOT}status/{orjson.loads(answer.body)['id']}/")
            doors.add(self.told[who], {"taxii post": [doors.plain(answer), doors.plain(status)]})

    def hijack(self) -> None:
        """One partner speaks for an id of the store."""
        plan = self.plan
        partner = self.world.partners[plan.hijacker]
        stamp = Stamp(partner.id, self.kit.hands.now_us / 1e6, self.kit.hands.now_us / 1e6)
        kind = type_of(plan.hijacked)
        raw = encode(common(plan.hijacked, stamp, Marking(tlp=Tlp.GREEN)) | {"name": "mine", "kind": kind})
        self.post(plan.hijacker, raw)

    def after_hijack(self) -> None:
        """It reads again."""
        plan = self.plan
        work_due(self.kit.node)
        if plan.hijacker in self.to:
            doors.add(self.told[plan.hijacker], doors.reads(self.world, plan.hijacker))
            doors.add(self.told[plan.hijacker], doors.in_files(self.world, plan, plan.hijacker))

    # What was withheld

    def key(self, name: str) -> str:
        """The recipient's key in the store."""
        return self.world.partners[name].id if name in NAMES else STAFF if name == "staff" else PUBLIC

    def given(self, name: str, form: str = "") -> set[str]:
        """Objects that a recipient was ever given, in any form or in one."""
        to, store = self.key(name), self.kit.node.store
        names = [*(one.name for one in self.plan.store), *self.posted]
        return {
            one for one in names for row in store.views_of(one) if row.recipient == to and form in ("", row.form)
        }  # fmt: skip

    def withheld(self) -> dict[str, tuple[str, ...]]:
        """Object -> recipients that were given it at no time, and were not asked or told about it as its maker."""
        given = {name: self.given(name) for name in RECIPIENTS}
        found, said_of = {}, {about for _, _, about in self.plan.posts}
        for one in self.plan.store:
            # Who was passed what somebody else had sent under an id of ours sees that it goes when the id is reclaimed.
            squatted = self.plan.early and one.name == self.plan.hijacked
            # So does the squatter, if another partner agrees with it to say something of that id.
            asked = [] if squatted and one.name in said_of else [self.plan.hijacker] if squatted else RECIPIENTS
            # What others say of it finds its way to whoever made it.
            maker = one.origin if one.name in said_of else ""
            kept_from = [
                name for name in asked
                if one.name not in given[name] and (one.name, name) not in self.asked_of and name != maker
            ]  # fmt: skip
            if kept_from:
                found[one.name] = tuple(kept_from)
        return found

    def hidden_words(self, name: str) -> set[str]:
        """Words of objects that a recipient was at no time given whole, and did not write itself."""
        whole = self.given(name, "verbatim")
        words = {one.word for one in self.plan.store if one.name not in whole}
        return words | {word for post, (who, word) in self.posted.items() if post not in whole and who != name}


class Tried(NamedTuple):
    """What became of the cases of one plan."""

    cases: Counter[str]
    """By recipient."""
    compared: Counter[str]
    """Answers by door."""
    given: int
    """Objects that somebody was given."""
    leaks: list[str]


def try_plan(plan: Plan, world: World) -> Tried:
    """Every case of a plan: each object that was withheld, for each recipient that it was withheld from."""
    whole = Run(plan, world)
    told, tried = whole.go(), Tried(Counter(), Counter(), 0, [])
    words = {name: whole.hidden_words(name) for name in RECIPIENTS}
    given = sum(len(whole.given(name)) for name in RECIPIENTS)
    for name, hidden in words.items():
        everything = b"\n\n".join({one for answers in told[name].values() for one in answers})
        tried.leaks.extend(f"{plan.seed} {name}: {word}" for word in sorted(search(everything, hidden)))
    for object_name, to in whole.withheld().items():
        without = Run(plan, world, object_name, to).go()
        for name in to:
            tried.cases[name] += 1
            _compare(tried, f"{plan.seed} {name} {object_name}", told[name], without[name])
            squatted = plan.early and (name, object_name) == (plan.hijacker, plan.hijacked)  # it is in its own inbox
            if not squatted and not like_unknown(told[name], object_name):
                tried.leaks.append(f"{plan.seed} {name} {object_name}: not answered as one that never was")
    return tried._replace(given=given)


def _compare(tried: Tried, case: str, told: doors.Told, without: doors.Told) -> None:
    for door in sorted({*told, *without}):
        tried.compared[door.partition(":")[0]] += len(told.get(door, ()))
        if told.get(door) != without.get(door):
            tried.leaks.append(f"{case}: {door}")


def like_unknown(told: doors.Told, name: str) -> bool:
    """Whether a withheld id was answered like one that never was, but for the id in no answer at all."""
    door = "taxii by id: "
    return told.get(door + name) == told.get(door + doors.NEVER)
