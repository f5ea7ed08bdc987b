"""`python -m app` is `numeral`."""

import sys

from app.cli import main

sys.exit(main())
