"""Read all pictures of a folder with asyncio, several requests at a time, into a table (CSV) on standard output.

python examples/read_folder.py scans > digits.csv            a digit in each picture
python examples/read_folder.py scans --numbers > numbers.csv    the numbers on each page
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from app.client import AsyncClient, NumeralError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
TOGETHER = 4  # requests in progress; a service with default settings takes many more
IN_A_REQUEST = 32  # pictures


def in_parts(paths: Iterator[Path]) -> Iterator[list[Path]]:
    """The paths in lists of IN_A_REQUEST."""
    while part := list(islice(paths, IN_A_REQUEST)):
        yield part


async def rows_of(numeral: AsyncClient, paths: list[Path], numbers: bool) -> list[tuple[str, str, str]]:
    """A row for each picture: its name, what was read, and the error or the doubt."""
    if numbers:
        pages = await numeral.read_batch(paths)
        answers = [(page if isinstance(page, NumeralError) else (page.text.replace("\n", " / "), "")) for page in pages]
    else:
        digits = await numeral.predict_batch(paths)
        answers = [(one if isinstance(one, NumeralError) else (str(one.digit), one.reason or "")) for one in digits]
    return [
        (str(path), "", str(answer)) if isinstance(answer, NumeralError) else (str(path), *answer)
        for path, answer in zip(paths, answers, strict=True)
    ]


async def main(folder: Path, numbers: bool) -> None:
    """Write the table; the rows are in the order of the names."""
    places = asyncio.Semaphore(TOGETHER)
    async with AsyncClient() as numeral:

        async def one(part: list[Path]) -> list[tuple[str, str, str]]:
            async with places:
                return await rows_of(numeral, part, numbers)

        pictures = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES)
        found = await asyncio.gather(*(one(part) for part in in_parts(pictures)))
    table = csv.writer(sys.stdout)
    table.writerow(["picture", "numbers" if numbers else "digit", "doubt"])
    table.writerows(row for part in found for row in part)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "--numbers" in sys.argv[2:]))
