"""Requests for information, feedback and vessels of interest on the command line."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

REQUEST: Final = arg("request", metavar="REQUEST", help="the id of the request, or the end of it")
TEXT: Final = arg("--text", metavar="TEXT", help="what the partner is told")

REQUESTS: Final[tuple[Command, ...]] = (
    (
        "request new",
        "requests:new",
        "ask a partner for information, in words and by objects that it holds",
        (
            arg("--to", required=True, metavar="PARTNER"),
            arg("--about", required=True, nargs="+", metavar="TEXT|OBJECT_ID"),
            arg("--by", required=True, metavar="TIME", help="until when it is needed: a time in UTC, or a day"),
            arg("--purpose", metavar="PURPOSE", help="one of the accord's; may be left out where it has but one"),
            arg("--priority", choices=("routine", "priority", "immediate"), default="routine"),
            HOME,
        ),
    ),
    (
        "request list",
        "requests:list_all",
        "requests asked of us and by us, one JSON line each",
        (arg("--overdue", action="store_true", help="list what is late only; exit 1 if anything is"), HOME),
    ),
    ("request show", "requests:show", "one request with all its changes, and what can be done now", (REQUEST, HOME)),
    ("request accept", "requests:accept", "say that we will answer", (REQUEST, TEXT, HOME)),
    (
        "request refuse",
        "requests:refuse",
        "say that we will not answer",
        (REQUEST, arg("--reason", required=True, metavar="TEXT", help="what the asker is told"), HOME),
    ),
    (
        "request answer",
        "requests:answer",
        "answer in words, and by objects that the asker holds",
        (
            REQUEST,
            TEXT,
            arg("--object", dest="objects", action="append", default=[], metavar="OBJECT_ID"),
            arg("--partly", action="store_true", help="more will follow"),
            HOME,
        ),
    ),
    ("request close", "requests:close", "our own request is done with", (REQUEST, TEXT, HOME)),
    (
        "request rate",
        "requests:rate",
        "say of what use the answer to our request was",
        (REQUEST, arg("stars", type=int, metavar="1-5", help="from 1 (of no use) to 5"), TEXT, HOME),
    ),
    (
        "request settle",
        "requests:settle_two",
        "of two histories that do not agree keep one",
        (REQUEST, arg("--keep", required=True, metavar="CHANGE", help="the end to keep, by its id"), TEXT, HOME),
    ),
)

ABOUT: Final = arg("object_id", metavar="OBJECT_ID", help="an object that a partner made")

FEEDBACK: Final[tuple[Command, ...]] = (
    ("feedback agree", "feedback:agree", "say that we see a partner's object as it does", (ABOUT, TEXT, HOME)),
    ("feedback disagree", "feedback:disagree", "say that we do not, and why", (ABOUT, TEXT, HOME)),
    (
        "feedback note",
        "feedback:write",
        "write something about a partner's object",
        (ABOUT, arg("--text", required=True, metavar="TEXT", help="what is noted"), HOME),
    ),
    ("feedback list", "feedback:list_all", "who said what of an object, one JSON line each", (ABOUT, HOME)),
)

LIST: Final = arg("list", metavar="LIST", help="the name of a list of ours")
VESSEL: Final = (
    arg("--mmsi", type=int, metavar="N"),
    arg("--imo", type=int, metavar="N"),
    arg("--name", dest="vessel", metavar="TEXT", help="the vessel's name"),
)

INTERESTS: Final[tuple[Command, ...]] = (
    (
        "interest new",
        "interests:new",
        "begin a list of vessels of interest",
        (
            arg("name", metavar="LIST"),
            arg("--tlp", choices=("clear", "green", "amber", "amber+strict", "red"), default="amber"),
            arg("--suspicious", action="store_true", help="they are on it for suspicious activity"),
            arg("--exercise", action="store_true", help="for an exercise: looked for in exercise data only"),
            HOME,
        ),
    ),
    ("interest add", "interests:add", "put a vessel on a list of ours", (LIST, *VESSEL, HOME)),
    ("interest remove", "interests:remove", "take a vessel off a list of ours", (LIST, *VESSEL, HOME)),
    (
        "interest list",
        "interests:list_all",
        "lists, ours and partners', with who has seen each vessel, one JSON line each",
        (arg("list", nargs="?", metavar="LIST", help="lists of this name only"), HOME),
    ),
)
