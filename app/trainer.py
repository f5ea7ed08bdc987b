"""The retraining process, `python -m app.trainer JOB`: reads the job and the samples, trains, writes the outcome.

The only file of `app` that leads to torch; the web process never imports it. `app.supervisor` starts and watches it.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from dataclasses import asdict, replace
from typing import Any

from app import jobs, samples
from app.db import Database
from app.jobs import State
from app.process import die_with_parent
from app.settings import Settings, load_settings
from model.data import load_digits
from model.errors import ModelError
from model.publish import Outcome
from model.recipe import RETRAIN, Progress, Recipe
from model.store import Store
from model.train import run

log = logging.getLogger("trainer")

REPORT_SECONDS = 0.5


def main() -> int:
    """Do the job named on the command line; answers with the exit status."""
    die_with_parent(signal.SIGKILL)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    settings = load_settings()
    database = Database(settings.database_url)
    job = jobs.get(database, sys.argv[1])
    try:
        outcome = train(settings, database, job["id"], job["options"])
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    state = State.PROMOTED if outcome.promoted else State.KEPT
    jobs.move(database, job["id"], state, version=outcome.version, metrics=outcome.metrics, reasons=outcome.reasons)
    prune(settings)
    return 0


def recipe_of(options: dict[str, Any]) -> Recipe:
    """The retraining recipe with what the request asked for; from scratch it is the full one."""
    base = Recipe() if options.get("from") == "scratch" else RETRAIN
    chosen = {name: options[name] for name in ("epochs", "learning_rate", "seed") if options.get(name) is not None}
    return replace(base, **chosen)


def train(settings: Settings, database: Database, job_id: str, options: dict[str, Any]) -> Outcome:
    """Train on MNIST and the samples, publish, and promote as the options say. Raises ModelError."""
    splits = load_digits(settings.data_dir, settings.cache_dir, settings.offline)
    training, held_out = samples.for_training(database)
    log.info("%s digits, %d samples to train on and %d held out", splits.source, len(training), len(held_out))
    return run(
        Store(settings.weights_dir),
        recipe_of(options),
        splits,
        samples=training,
        held_out=held_out,
        start=options.get("from") or "current",
        promote=options.get("promote") or "auto",
        on_progress=Recorder(database, job_id),
    )


class Recorder:
    """Writes progress into the job's record, often enough for a person and seldom enough for the database."""

    def __init__(self, database: Database, job_id: str) -> None:
        self.database = database
        self.job_id = job_id
        self.last = 0.0
        self.stage = ""

    def __call__(self, progress: Progress) -> None:
        """Note the progress."""
        if progress.stage != self.stage:
            self.stage = progress.stage
            log.info("%s", progress.stage)
            if progress.stage == "evaluating":
                jobs.move(self.database, self.job_id, State.EVALUATING)
        end_of_epoch = progress.step * progress.epochs == progress.epoch * progress.steps
        if end_of_epoch and progress.stage == "training":
            log.info(
                "epoch %d/%d loss %.4f accuracy %s", progress.epoch, progress.epochs, progress.loss, progress.accuracy
            )
        if end_of_epoch or time.monotonic() - self.last >= REPORT_SECONDS:
            self.last = time.monotonic()
            jobs.report(self.database, self.job_id, asdict(progress))


def prune(settings: Settings) -> None:
    """Remove versions beyond the number that is kept."""
    try:
        removed = Store(settings.weights_dir).prune(settings.keep_versions)
    except ModelError as error:
        log.warning("old versions stay: %s", error)
    else:
        if removed:
            log.info("removed old versions %s", removed)


if __name__ == "__main__":
    sys.exit(main())
