"""``python -m genlevel``."""

import sys

from genlevel.cli import main

sys.exit(main())
