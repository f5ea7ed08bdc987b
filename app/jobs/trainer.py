"""The retraining process, `python -m app.jobs.trainer JOB`: read the job and the samples, train, record the outcome.

The supervisor starts and watches it. It is the only module of `app` that imports torch, through `model.train`; the web
process never imports it.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.engine import RowMapping

from app.database.database import Database, DatabaseUnavailable
from app.jobs import records, reporting
from app.jobs.process import die_with_parent, give_way
from app.jobs.states import State
from app.observability.tracing import training_span
from app.samples import samples
from app.settings import Settings, load_settings
from model.data.load import load_digits
from model.data.training_data import TrainingData
from model.errors import CurrentChanged, ModelError
from model.recipe import RETRAIN, Progress, Recipe
from model.registry.publish import Published, as_asked, not_activated
from model.registry.store import Store
from model.train import run

log = logging.getLogger("trainer")

REPORT_SECONDS = 0.5


def main() -> int:
    """Run the job named on the command line and return the exit status."""
    die_with_parent(signal.SIGKILL)
    give_way()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    settings = load_settings()
    database, store, job_id = Database(settings.database_url), Store(settings.weights_dir), sys.argv[1]
    job = database.retry(lambda: records.get(database, job_id))
    try:
        with training_span(job_id) as span:
            published = train(settings, database, store, job_id, job["options"])
            settle(database, store, job, published)
            span.set_attribute("numeral.version", published.version)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    remove_old_versions(store, settings.keep_versions)
    return 0


def recipe_of(options: dict[str, Any]) -> Recipe:
    """The recipe with the request's options: RETRAIN, or the full one for a training from scratch."""
    base = Recipe() if options.get("from") == "scratch" else RETRAIN
    names = ("epochs", "learning_rate", "seed", "patience")
    return replace(base, **{name: options[name] for name in names if options.get(name) is not None})


def train(settings: Settings, database: Database, store: Store, job_id: str, options: dict[str, Any]) -> Published:
    """Train on MNIST and the samples, and publish the version without activating it. Raises ModelError."""
    splits = load_digits(settings.data_dir, settings.cache_dir, settings.offline)
    training, held_out = database.retry(lambda: samples.for_training(database))
    log.info("%s digits, %d samples to train on and %d held out", splits.source, len(training), len(held_out))
    data = TrainingData(splits, training, held_out)
    return run(store, recipe_of(options), data, options["from"], Recorder(database, job_id))


def settle(database: Database, store: Store, job: RowMapping, published: Published) -> None:
    """Activate the version ("promoted") or not ("kept"), as the gate decided, unless the job was given up meanwhile.

    Raises StoreError.
    """
    job_id, version, metrics = job["id"], published.version, published.metrics
    decision = as_asked(published.decision, job["options"]["promote"])
    promoted, reasons = decision.promote, decision.reasons
    noted = database.retry(lambda: reporting.note_version(database, job_id, version, metrics, reasons))
    if noted and promoted:
        rival = published.compared_with
        try:
            noted = database.retry(lambda: reporting.promote(database, job_id, store, version, rival))
        except CurrentChanged as error:
            promoted, reasons = False, [*reasons, not_activated(error)]
    if noted and not promoted:
        noted = database.retry(lambda: reporting.move(database, job_id, State.KEPT, reasons=reasons))
    log.info("version %d %s", version, "promoted" if promoted and noted else "kept")


class Recorder:
    """Writes progress into the job's record: after each epoch, and every REPORT_SECONDS within one."""

    def __init__(self, database: Database, job_id: str) -> None:
        self.database = database
        self.job_id = job_id
        self.last = 0.0
        self.stage = ""

    def __call__(self, progress: Progress) -> None:
        """Record the progress. A change of state is retried until the database has it; a report may be lost.

        Raises SystemExit when the job was given up.
        """
        if progress.stage != self.stage:
            self.stage = progress.stage
            log.info("%s", progress.stage)
            if progress.stage == "evaluating":
                self.database.retry(lambda: reporting.move(self.database, self.job_id, State.EVALUATING))
        if progress.ends_epoch and progress.stage == "training":
            log.info(
                "epoch %d/%d loss %.4f accuracy %s", progress.epoch, progress.epochs, progress.loss, progress.accuracy
            )
        if progress.ends_epoch or time.monotonic() - self.last >= REPORT_SECONDS:
            with suppress(DatabaseUnavailable):
                if not reporting.report(self.database, self.job_id, asdict(progress)):
                    raise SystemExit("The job was given up meanwhile.")
            self.last = time.monotonic()


def remove_old_versions(store: Store, keep: int) -> None:
    """Remove all but the newest `keep` versions and the current one. A failure is logged."""
    try:
        removed = store.prune(keep)
    except ModelError as error:
        log.warning("old versions stay: %s", error)
    else:
        if removed:
            log.info("removed old versions %s", removed)


if __name__ == "__main__":
    sys.exit(main())
