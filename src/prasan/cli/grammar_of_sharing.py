"""Recalls, consents and bundles on the command line."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

CONSENT: Final = arg("consent", metavar="CONSENT", help="the id of the ask, or the end of it")

RECALLS: Final[tuple[Command, ...]] = (
    (
        "revoke",
        "recalls:withdraw_for_all",
        "say to everybody who holds it that an object of ours is wrong, for good",
        (arg("object_id", metavar="OBJECT_ID"), HOME),
    ),
    (
        "recall",
        "recalls:run",
        "ask a partner to withdraw an object; list recalls, lift one, say that what rests on it was looked at",
        (
            arg("what", nargs="+", metavar="OBJECT_ID | list | lift OBJECT_ID | looked OBJECT_ID"),
            arg("--to", metavar="PARTNER|all"),
            arg("--reason", metavar="TEXT", help="what the partner is told; needed to recall"),
            arg("--overdue", action="store_true", help="list what is late only; exit 1 if anything is"),
            HOME,
        ),
    ),
)

CONSENTS: Final[tuple[Command, ...]] = (
    (
        "consent ask",
        "consents:ask",
        "ask the originator of a received object whether it may be passed on",
        (
            arg("object_id", metavar="OBJECT_ID"),
            arg("--to", required=True, metavar="PARTNER", help="who would get it: a partner, or an identity id"),
            arg("--purpose", metavar="PURPOSE", help="one of the accord's; may be left out where it has but one"),
            arg("--days", type=int, metavar="N", help="for how long (default 30)"),
            arg("--all-versions", action="store_true", help="also later versions, not only the one held now"),
            HOME,
        ),
    ),
    ("consent list", "consents:list_all", "consents asked of us and by us, one JSON line each", (HOME,)),
    (
        "consent give",
        "consents:give",
        "let the asker pass it on, perhaps for fewer days or in a coarser form only",
        (
            CONSENT,
            arg("--days", type=int, metavar="N", help="fewer days than were asked for"),
            arg("--place-deg", type=float, metavar="D", help="places as cells of so many degrees at least"),
            arg("--time-min", type=int, metavar="M", help="times in steps of so many minutes at least"),
            arg("--drop", action="append", default=[], choices=("identity", "evidence", "text")),
            HOME,
        ),
    ),
    (
        "consent refuse",
        "consents:refuse",
        "do not let the asker pass it on",
        (CONSENT, arg("--reason", required=True, metavar="TEXT", help="what the asker is told"), HOME),
    ),
    (
        "consent revoke",
        "consents:revoke",
        "take a consent back",
        (
            CONSENT,
            arg("--reason", metavar="TEXT", help="what the asker is told"),
            arg("--recall-onward", action="store_true", help="have what was passed on recalled, too"),
            HOME,
        ),
    ),
)

BUNDLES: Final[tuple[Command, ...]] = (
    (
        "bundle export",
        "bundles:export",
        "what a partner may read, as signed files for where there is no line",
        (
            arg("--to", required=True, metavar="PARTNER"),
            arg("--out", required=True, metavar="FILE", help="several files are FILE.1, FILE.2, …"),
            arg("--lane", action="append", choices=("alerts", "control", "objects"), help="default: all three"),
            arg("--since", type=int, metavar="SEQ", help="behind this row (default: behind what was acknowledged)"),
            arg("--max-bytes", type=int, metavar="N", help="of one file (default: 16 MB)"),
            HOME,
        ),
    ),
    (
        "bundle import",
        "bundles:import_",
        "take a partner's bundles in; what is here already changes nothing",
        (
            arg("files", nargs="+", metavar="FILE"),
            arg("--new-epoch", action="store_true", help="the partner's node was restored from a backup"),
            HOME,
        ),
    ),
)
