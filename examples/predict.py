"""Read pictures one by one, from a program without asyncio, and leave to a person what the service doubts.

python examples/predict.py 7.png photo.jpg …     (NUMERAL_URL names the service, by default http://127.0.0.1:8000)
"""

from __future__ import annotations

import sys

from app.client import Client, NumeralError


def main(paths: list[str]) -> int:
    """Print a line for each picture; return 1 if one could not be read."""
    status = 0
    with Client() as numeral:
        for path in paths:
            try:
                found = numeral.predict(path)
            except (NumeralError, OSError) as error:
                print(f"{path}: {error}", file=sys.stderr)
                status = 1
                continue
            doubt = "" if found.accepted else f"  look at it yourself: {found.reason}"
            print(f"{path}: {found.digit}  {found.confidence:.1%}{doubt}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
