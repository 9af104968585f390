"""`python -m prasan.cli`: the same command without the installed script."""

import sys

from prasan.cli import main

sys.exit(main())
