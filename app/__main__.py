"""`python -m app` is `numeral`."""

import sys

from app.cli.main import main

sys.exit(main())
