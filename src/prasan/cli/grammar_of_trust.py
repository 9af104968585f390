"""The grammar of the commands for keys, the record, backups and the clock; and for believing a partner's card."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

INTRODUCTIONS: Final[tuple[Command, ...]] = (
    (
        "partner add",
        "partners:add",
        "register a partner by its card, or take its newer card",
        (
            arg("file", metavar="FILE"),
            arg("--confirm", metavar="FINGERPRINT", help="what its officer read to you over another channel"),
            arg("--carry-accords", action="store_true", help="its key was revoked: accords from before then stand"),
            HOME,
        ),
    ),
    (
        "partner confirm",
        "partners:confirm",
        "say that a partner's fingerprint was compared",
        (arg("name", metavar="NAME"), arg("fingerprint", metavar="FINGERPRINT"), HOME),
    ),
)

TRUST: Final[tuple[Command, ...]] = (
    ("key show", "keys:show", "our fingerprint, earlier keys, the certificate of the peer port", (HOME,)),
    ("key rotate", "keys:rotate", "hand over to a new key; partners follow by themselves", (HOME,)),
    (
        "key revoke",
        "keys:revoke",
        "the key may be in other hands: begin anew with one that partners must confirm",
        (
            arg("--since", required=True, metavar="TIME", help="what the key signed from then on counts for nothing"),
            arg("--carry-accords", action="store_true", help="accords in force before then stand on our side"),
            HOME,
        ),
    ),
    (
        "key certificate",
        "keys:certificate",
        "make the peer port's next certificate, which partners learn of by our card",
        (arg("--use", action="store_true", help="put it in use now"), HOME),
    ),
    (
        "backup",
        "backups:backup",
        "one file with all of a node, made while it serves; the passphrase is read from standard input",
        (arg("file", metavar="FILE"), arg("--passphrase-file", metavar="FILE"), HOME),
    ),
    (
        "restore",
        "backups:restore",
        "a new home from a backup, in a new epoch",
        (arg("file", metavar="FILE"), arg("--passphrase-file", metavar="FILE"), HOME),
    ),
    (
        "quarantine list",
        "quarantine:list_all",
        "what came and was not taken, and why, one JSON line each",
        (
            arg("--partner", metavar="NAME", help="of one partner, or of a source as source/NAME"),
            arg("--reason", metavar="CODE", help="for one reason, as may_not_speak"),
            HOME,
        ),
    ),
    (
        "quarantine show",
        "quarantine:show",
        "one of them as it came",
        (arg("number", type=int, metavar="NUMBER"), HOME),
    ),
    ("clock show", "clocks:show", "the clock, the last ledger entry, and whether release is stopped", (HOME,)),
    ("clock confirm", "clocks:confirm", "the clock is right as it is now: release goes on", (HOME,)),
    ("ledger verify", "ledger:verify", "check the record; exit 1 and the first bad entry if tampered", (HOME,)),
    (
        "ledger prove",
        "ledger:prove",
        "print a proof that one entry is on record, which anybody can check",
        (arg("entry", metavar="LOG:INDEX", help="the log is node, hours or a partner's name"), HOME),
    ),
    (
        "ledger check-proof",
        "ledger:check_proof",
        "check such a proof with its node's card alone",
        (arg("file", metavar="FILE"), arg("--card", required=True, metavar="CARD")),
    ),
    (
        "ledger erase",
        "ledger:erase",
        "erase an entry by an order; its leaf stays and verifies as a hole",
        (arg("entry", metavar="LOG:INDEX"), arg("--order", required=True, metavar="NUMBER"), HOME),
    ),
    ("ledger evidence", "ledger:evidence", "notes that cannot both be true, of partners and of this node", (HOME,)),
    (
        "ledger settle",
        "ledger:settle",
        "go on with a partner that showed two histories, once that is explained",
        (arg("name", metavar="PARTNER"), arg("--reason", required=True, metavar="TEXT"), HOME),
    ),
)
