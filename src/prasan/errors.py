"""The error tree. Each error is one clear sentence and a `remedy`: what the reader should do next.

    PrasanError
      UsageError        wrong use or bad input                     exit code 2
        FormatError     a file or message that cannot be read
        AccordError     an accord or policy that does not hold
      Refused           somebody may not do this (who, what, why)  exit code 2
      IntegrityError    the record does not verify                 exit code 1
      Unreachable       the node or a partner cannot be reached    exit code 3

Only `PrasanError` may reach a command's edge; anything else is a defect of ours.
"""


class PrasanError(Exception):
    """A failure that a person can act on: `str(error)` says what, `remedy` says what to do next.

    The pages say the same in their reader's language where `code` names a sentence (`fault.CODE` of `words`) for
    `values`; a value may itself be the code of a message.
    """

    exit_code = 2

    def __init__(self, message: str, remedy: str = "", *, code: str = "", **values: object) -> None:
        super().__init__(message)
        self.remedy, self.code, self.values = remedy, code, values


class UsageError(PrasanError):
    """Wrong use or bad input."""


class FormatError(UsageError):
    """A file or message is not in a format that Prasan reads."""


class AccordError(UsageError):
    """An accord or policy is malformed, unsigned, expired or does not cover this."""


class Refused(PrasanError):  # noqa: N818 - named for what happened
    """The caller is known but may not do this."""


class IntegrityError(PrasanError):
    """A signature, hash or proof does not verify."""

    exit_code = 1


class Unreachable(PrasanError):  # noqa: N818 - named for what happened
    """A node or partner could not be reached."""

    exit_code = 3
