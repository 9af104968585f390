"""Every message there is: code -> English template, a table for each thing that is spoken of. Thai is in `locale`."""

from typing import Final

from prasan.words.acts import ACTS
from prasan.words.asking import ASKING
from prasan.words.findings import FINDINGS
from prasan.words.health import HEALTH
from prasan.words.measures import MEASURES
from prasan.words.screens import SCREENS
from prasan.words.sharing import SHARING

TABLES: Final = (FINDINGS, MEASURES, SHARING, SCREENS, HEALTH, ASKING, ACTS)
"""A code is in one of them only."""
