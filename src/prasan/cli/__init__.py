"""The commands: arguments in, text and exit codes out. What they do is in the rooms below.

Exit codes: 0 done, 1 done with findings that the caller must look at, 2 wrong use or bad input, 3 the node or a
partner could not be reached. No traceback reaches a user.
"""

import gc
import importlib
import sys
from collections.abc import Sequence

from prasan.cli.output import complain
from prasan.cli.parser import build_parser
from prasan.errors import PrasanError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    module = importlib.import_module(f"prasan.cli.{arguments.module}")
    if argv is None:
        _collect_less()
    try:
        code: int = getattr(module, arguments.function)(arguments)
    except PrasanError as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        complain(PrasanError(f"{error.strerror or error}: {error.filename or ''}".strip(": "), ""))
        return 2
    return code


def _collect_less() -> None:
    """The process is ours: what was imported stays, and what is made by the thousand are values without cycles."""
    gc.freeze()
    gc.set_threshold(20_000)
