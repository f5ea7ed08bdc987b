"""Test the whole contract with schemathesis: valid and invalid requests by /openapi.json, sent to a real server.

python -m tests.contract [--max-examples N] [--seed N]     thousands of cases: make contract-test
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import update

from app.database.database import Database
from app.database.tables import jobs as table
from app.jobs import records
from tests.server import ADMIN_KEY, Server

CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = "tests.contract_hooks"
A_DAY = 86_400.0
PROTOCOLS = {
    "NUMERAL_KEEP": "all",
    "NUMERAL_PROTOCOLS": "kserve-v1,sagemaker",
    "AIP_HEALTH_ROUTE": "/vertex/health",
    "AIP_PREDICT_ROUTE": "/vertex:predict",
}


def try_contract(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Start a server with both kinds of keys and all protocols in the folder, and run schemathesis against it.

    A job is running all the time, so that `POST /admin/retrain` answers 409 and starts no training for each case.
    """
    server = Server(folder, NUMERAL_PREDICT_KEYS=f"tester:{ADMIN_KEY}", NUMERAL_BODY_TIMEOUT="2", **PROTOCOLS)
    try:
        pretend_to_train(server)
        command = [
            Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIG,
            "run", f"{server.url}/openapi.json",
            "--header", f"Authorization: Bearer {ADMIN_KEY}", "--no-color", *options,
        ]  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(CONFIG.parent.parent)}
        return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, errors="replace")
    finally:
        server.close()


def pretend_to_train(server: Server) -> None:
    """Insert a job into the database, with a heartbeat from tomorrow, so that it never counts as dead."""
    database = Database(server.environment["NUMERAL_DATABASE_URL"])
    row, _ = records.create(database, "tester", {}, None)
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.id == row["id"]).values(heartbeat_at=time.time() + A_DAY))
    database.close()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-examples", default="300", help="of each operation")
    parser.add_argument("--seed", default="0")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tried = try_contract(Path(folder), "--max-examples", given.max_examples, "--seed", given.seed)
    print(tried.stdout)
    return tried.returncode


if __name__ == "__main__":
    sys.exit(main())
