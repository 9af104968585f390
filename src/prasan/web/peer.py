"""The peer port: only partner nodes, each request signed by a node key (docs/wire.md, section 10)."""

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Route

from prasan.errors import Refused
from prasan.exchange import door, taxii
from prasan.exchange.http import Problem, Request, Response
from prasan.exchange.lanes import Caller
from prasan.exchange.peer import SCHEME, Doorkeeper
from prasan.exchange.shelf import Shelf
from prasan.web.taxii import At, Door, no_point
from prasan.web.waiting import Bell, PeerDoor

CHALLENGE: Final = {"www-authenticate": f'{SCHEME} realm="prasan"'}


def build_peer_app(  # noqa: PLR0913 - the parts of a port
    keeper: Doorkeeper,
    shelf: Shelf,
    site: taxii.Site,
    *,
    own: door.Door,
    desk: door.Desk,
    now_us: Callable[[], int],
    at: At = no_point,
) -> Starlette:
    """The whole peer port: TAXII and `/peer/v1/…`, behind the doorkeeper. There is nothing else on it.

    `app.state.bell.close()` answers those who wait for news; call it when the node stops.
    """

    def for_taxii(request: Request) -> Response:
        partner = admit(keeper, request, now_us())
        return taxii.handle(request, Caller(partner, partner), shelf, site, now_us())

    bell = Bell()
    peers = PeerDoor(
        lambda request: admit(keeper, request, now_us()),
        lambda request, partner: door.handle(request, partner, own, desk, now_us()),
        lambda request, partner: door.news(request, partner, own, desk, now_us()),
        bell,
        at,
    )
    app = Starlette(routes=[Route("/taxii2/{rest:path}", Door(for_taxii, at)), Route("/peer/v1/{rest:path}", peers)])
    app.state.bell = bell
    return app


def admit(keeper: Doorkeeper, request: Request, now_us: int) -> str:
    """The partner who asks. `Problem` 401 with the reason if the request is not right in every claim."""
    try:
        return keeper.admit(request, now_us)
    except Refused as error:
        raise Problem(401, "Refused", str(error), CHALLENGE) from None
