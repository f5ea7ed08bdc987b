"""Measure the time of each step of a prediction in its own loop, for one picture and for a batch.

python -m bench.parts            (some seconds; without server and client, and with warm caches)
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from app.inference.pictures import many_pictures, one_picture
from app.inference.predictor import Answer
from app.routes.predict import prediction, to_json
from bench.forms import bodies
from bench.report import plain_table
from bench.servers import SERVER_CORE, WEIGHTS, on_core
from model.classifier import Classifier
from model.preprocessing.centering import center
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.foreground import find_foreground
from model.preprocessing.pipeline import read_many
from model.registry.store import Store

MANY = 32
ROUNDS, ROUND_SECONDS = 7, 0.05


def microseconds(function: Callable[[], object], pictures: int = 1) -> float:
    """Microseconds for one picture: the minimum of ROUNDS, the one least disturbed by other work."""
    best = float("inf")
    for _ in range(ROUNDS):
        calls, started = 0, time.perf_counter()
        while (passed := time.perf_counter() - started) < ROUND_SECONDS:
            function()
            calls += 1
        best = min(best, passed / calls)
    return best * 1e6 / pictures


def main() -> None:
    """Print the table."""
    store, forms = Store(WEIGHTS), bodies()
    classifier = Classifier.load(store.folder(store.usable()[0]))
    file, form, pixels, batch = (forms[name] for name in ("raw body", "multipart", "JSON pixels", "batch of 64"))
    page = decode(file.data, Limits())
    foreground = find_foreground(page.gray)
    one, many = read_many([file.data]), read_many([file.data] * MANY)
    (reading,), (verdict,) = one, classifier.judge(one)
    answer = Answer(reading, verdict, classifier.version)
    steps: dict[str, tuple[float, float | None]] = {
        "decode the PNG": (microseconds(lambda: decode(file.data, Limits())), None),
        "find the foreground": (microseconds(lambda: find_foreground(page.gray)), None),
        "center it": (microseconds(lambda: center(foreground)), None),
        "read, all three": (
            microseconds(lambda: read_many([file.data])),
            microseconds(lambda: read_many([file.data] * MANY), MANY),
        ),
        "judge": (microseconds(lambda: classifier.judge(one)), microseconds(lambda: classifier.judge(many), MANY)),
        "make and serialize the answer": (microseconds(lambda: to_json(prediction(answer, "7" * 16))), None),
        "parse a form": (
            microseconds(lambda: one_picture(form.data, form.content_type)),
            microseconds(lambda: many_pictures(batch.data, batch.content_type, batch.images), batch.images),
        ),
        "parse JSON pixels": (microseconds(lambda: one_picture(pixels.data, pixels.content_type)), None),
    }
    table = plain_table("µs a picture", "", "alone", f"in a batch of {MANY}")
    for name, (alone, batched) in steps.items():
        table.add_row(name, f"{alone:.1f}", "" if batched is None else f"{batched:.1f}")
    Console().print(table)


if __name__ == "__main__":
    with on_core(SERVER_CORE):
        main()
