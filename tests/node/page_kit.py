"""The pages over a real node, as users of every role open them and act on them."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, get_args

import msgspec
from starlette.testclient import TestClient

from node.node_kit import HOUR_US, Kit
from prasan.node.lines.doors import People
from prasan.node.record import NODE_LOG
from prasan.stores.rows import UserRow
from prasan.web.app import build_app
from prasan.web.credentials import Credentials
from prasan.web.desk import Role
from prasan.web.office import Office
from prasan.web.security import SESSION_COOKIE, Ticket, form_token, seal

NONCE = "a nonce"


class Pages:
    """The web port of a node; every role has a user of its name, who belongs to `partner` where that is asked for."""

    def __init__(self, kit: Kit, partner: str | None = None) -> None:
        self.kit = kit
        with kit.node.store.write() as tx:
            for role in get_args(Role):
                belongs = partner if role == "partner" else None
                tx.put_user(UserRow(role, role, "", belongs, kit.hands.now_us - 24 * HOUR_US))
        node = kit.node
        app = build_app(
            Office(node, Credentials(People(node))),
            session_key=node.session_key,
            clock=lambda: node.clock.now_us() / 1e6,
        )
        self.client = TestClient(app, base_url="https://node.example", follow_redirects=False)

    def get(self, role: Role, path: str, lang: str = "en") -> str:
        """A page as text; it must be there."""
        answer = self._as(role).get(path, params={"lang": lang})
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def do(self, role: Role, path: str, act: str, subject: str = "", **fields: Any) -> Any:
        """Post a form of a page, with the right token unless another is given."""
        form = {"token": form_token(self.kit.node.session_key, NONCE), "act": act, "subject": subject, **fields}
        return self._as(role).post(path, data=form)

    def done(self, role: Role, path: str, act: str, subject: str = "", **fields: Any) -> str:
        """The same; it must be done, and the page that it leads back to says so."""
        answer = self.do(role, path, act, subject, **fields)
        assert answer.status_code == 303, unescape(answer.text)
        assert answer.headers["location"].endswith("#done")
        page = unescape(self.client.get(answer.headers["location"].partition("#")[0]).text)
        assert re.search(r'<p class="done"[^>]*>[^<]+</p>', page), act
        return page

    def not_done(self, role: Role, path: str, act: str, subject: str = "", **fields: Any) -> str:
        """The same; it cannot be done, and the page says why."""
        answer = self.do(role, path, act, subject, **fields)
        assert answer.status_code in (400, 403, 503), answer.status_code
        found = re.search(r'<div class="not-done"[^>]*>(.*?)</div>', answer.text, re.DOTALL)
        assert found, answer.text
        return unescape(re.sub(r"<[^>]+>", " ", found[1]))

    def _as(self, role: Role) -> TestClient:
        ticket = Ticket(role, int(self.kit.node.clock.now_us() / 1e6), NONCE)
        self.client.cookies.set(SESSION_COOKIE, seal(self.kit.node.session_key, ticket))
        return self.client


def on_record(kit: Kit, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Subject and detail of the entries of a kind in the node log."""
    entries = (msgspec.json.decode(row.entry) for row in kit.node.store.leaf_rows(NODE_LOG) if row.entry)
    return [(one["subject"], one["detail"]) for one in entries if one["kind"] == kind]
