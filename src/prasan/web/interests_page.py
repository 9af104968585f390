"""The page of vessels of interest: our lists and partners', and who has heard each vessel."""

from starlette.requests import Request
from starlette.responses import Response

from prasan.picture.marking import join_all
from prasan.web.screen import House, Screen, page, show


@page("partners")
def interests(request: Request, house: House, screen: Screen) -> Response:
    """Vessels of interest."""
    lists = house.desk.interests(screen.audience)
    marking = join_all([one.marking for one in lists])
    return show(request, screen, "interests.html", {"lists": lists, "marking": marking})
