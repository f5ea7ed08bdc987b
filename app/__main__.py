"""`python -m app`: the same as the command `numeral`."""

import sys

from app.cli.main import main

sys.exit(main())
