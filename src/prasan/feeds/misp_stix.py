"""misp-stix, an extra: imported when it is needed, for it takes seconds, and without what its import leaves behind."""

import importlib
import sys
import warnings
from typing import Any

from prasan.errors import UsageError


def misp_stix() -> Any:
    """The module `misp_stix_converter`. UsageError if it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = importlib.import_module("misp_stix_converter")
        except ImportError:
            remedy = "pip install 'prasan[misp]'"
            raise UsageError("MISP events need misp-stix, which is not installed", remedy) from None
    # Its old `six` puts a finder there that Python 3.12 passes over; before, it warns at every import that fails.
    sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    return found
