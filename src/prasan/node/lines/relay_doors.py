"""Who may read the live relay, and the ports of `[[relay]]` in the settings."""

from prasan.errors import UsageError
from prasan.feeds.sentences_out import SentenceServer
from prasan.node.lines.relaying import Relays, Subscriber
from prasan.node.node import Node
from prasan.node.people import check_token


class RelayGuard:
    """At one port: the users of role `partner` that act for one partner, by bearer token."""

    def __init__(self, node: Node, relays: Relays, partner: str) -> None:
        self._node, self._relays, self._partner = node, relays, partner

    def open(self, token: str) -> Subscriber | None:
        """What the holder of a token reads."""
        return self._relays.subscribe(self._partner) if self.holds(token) else None

    def holds(self, token: str) -> bool:
        """Whether the token is one of this partner's, now."""
        user = check_token(self._node, token) if token else None
        return user is not None and user.role == "partner" and user.partner == self._partner


def relay_servers(node: Node, relays: Relays) -> list[SentenceServer]:
    """A server for each `[[relay]]`, not begun yet. UsageError for a partner that is none."""
    servers = []
    for setting in node.settings.relay:
        partner = node.store.partner(setting.partner)
        if partner is None:
            known = ", ".join(one.name for one in node.store.partners()) or "none yet"
            remedy = f"Name one of: {known}."
            raise UsageError(f"[[relay]] in prasan.toml names '{setting.partner}', which is no partner", remedy)
        servers.append(SentenceServer(setting.host, setting.port, RelayGuard(node, relays, partner.id)))
    return servers
