"""Run examples/numeral.ipynb against a service of its own, and keep what its cells print and show.

python -m tests.notebook        (writes the notebook; the tests run it without)
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

from tests.server import ADMIN_KEY, REPOSITORY, Server, clean_environment

NOTEBOOK = REPOSITORY / "examples/numeral.ipynb"
CELL_SECONDS = 300


def run(server: Server, target: Path) -> subprocess.CompletedProcess[str]:
    """Run the notebook in a process of its own, whose folder is the server's, and write it to the target."""
    (server.folder / "tests").mkdir(exist_ok=True)
    images = server.folder / "tests/images"
    if not images.exists():
        images.symlink_to(REPOSITORY / "tests/images")
    environment = clean_environment(
        NUMERAL_URL=server.url,
        NUMERAL_ADMIN_KEY=ADMIN_KEY,
        NUMERAL_WEIGHTS_DIR=server.environment["NUMERAL_WEIGHTS_DIR"],
        PYTHONPATH=str(REPOSITORY),
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        JUPYTER_RUNTIME_DIR=str(server.folder / "jupyter"),
        IPYTHONDIR=str(server.folder / "ipython"),
        OMP_NUM_THREADS="1",
        COLUMNS="90",
        TERM="dumb",  # no escape sequences among what commands print
    )
    command = [sys.executable, "-m", "tests.notebook", str(target)]
    return subprocess.run(command, env=environment, cwd=server.folder, capture_output=True, text=True)


def main() -> None:
    """With a file's name: run the notebook here, and write it to the file. Without: with a server, in its place."""
    if len(sys.argv) > 1:
        notebook = nbformat.read(NOTEBOOK, 4)
        NotebookClient(
            notebook, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False, coalesce_streams=True
        ).execute()
        notebook.metadata.language_info = {"name": "python"}  # nothing of this machine
        nbformat.write(notebook, sys.argv[1])
        return
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            ran = run(server, NOTEBOOK)
            sys.exit(ran.stderr if ran.returncode else 0)
        finally:
            server.close()


if __name__ == "__main__":
    main()
