"""Policies and release on the command line."""

from typing import Final

from prasan.cli.grammar import HOME, Command, arg

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
        "verdict and reasons for one object and recipient",
        (arg("object_id", metavar="OBJECT_ID"), arg("--to", required=True, metavar="RECIPIENT"), HOME),
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
