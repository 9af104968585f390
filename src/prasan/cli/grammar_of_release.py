"""Accords, policies and release on the command line."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

ACCORDS: Final[tuple[Command, ...]] = (
    ("accord check", "accords:check", "validate an accord file", (arg("file", metavar="FILE"),)),
    (
        "accord propose",
        "accords:propose",
        "sign an accord's text for the other side, which finds it at the next pull",
        (arg("file", metavar="FILE"), arg("--out", metavar="FILE"), HOME),
    ),
    (
        "accord accept",
        "accords:accept",
        "countersign a proposed accord, or take the countersigned one in",
        (arg("file", metavar="FILE|ACCORD"), arg("--out", metavar="FILE"), HOME),
    ),
    (
        "accord narrow",
        "accords:narrow",
        "make an accord stricter by our own word, from now on",
        (
            arg("accord", metavar="ACCORD", help="its name or hash"),
            arg("--highest-tlp", metavar="TLP"),
            arg("--purpose", action="append", metavar="PURPOSE", help="one that is left"),
            arg("--onward", choices=("never", "ask")),
            arg("--recall-days", type=int, metavar="N"),
            arg("--store-days", type=int, metavar="N"),
            arg("--until", metavar="TIME", help="an earlier end, such as 2027-01-31T00:00:00Z"),
            HOME,
        ),
    ),
    ("accord end", "accords:end", "end an accord now", (arg("accord", metavar="ACCORD"), HOME)),
    ("accord list", "accords:list_", "the accords this node holds, and how each stands", (HOME,)),
)

POLICIES: Final[tuple[Command, ...]] = (
    ("policy check", "policies:check", "validate a policy file", (arg("file", metavar="FILE"),)),
    (
        "policy preview",
        "policies:preview",
        "what a policy would change for what is here, before it is in force",
        (arg("file", metavar="FILE"), arg("--to", metavar="RECIPIENT", help="object by object"), HOME),
    ),
    (
        "policy adopt",
        "policies:adopt",
        "say what a policy changes, and put it in force",
        (arg("file", metavar="FILE"), HOME),
    ),
)

RELEASE: Final[tuple[Command, ...]] = (
    (
        "release explain",
        "release:explain",
        "verdict and reasons for an object, for one recipient or a line for each",
        (arg("object_id", metavar="OBJECT_ID"), arg("--to", metavar="RECIPIENT"), HOME),
    ),
    (
        "release preview",
        "release:preview",
        "exactly the bytes a recipient would get",
        (arg("--to", required=True, metavar="RECIPIENT"), HOME, arg("--out", metavar="FILE")),
    ),
    (
        "release text",
        "release:text",
        "what people wrote into an object, which goes to nobody before an officer has read it",
        (
            arg("object_id", nargs="?", metavar="OBJECT_ID", help="without one, all that waits"),
            arg("--read", action="store_true", help="say that you have read it"),
            HOME,
        ),
    ),
)
