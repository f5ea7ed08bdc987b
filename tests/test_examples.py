"""The examples work, each as its first lines say, with a real service."""

from __future__ import annotations

import csv
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest

from tests import notebook
from tests.chromium import Browser, chromium, find_chromium
from tests.number_pages import PHOTOGRAPHED
from tests.server import ADMIN_KEY, REPOSITORY, Server, clean_environment, wait_until

EXAMPLES = REPOSITORY / "examples"
SEVEN, NUMBER = (REPOSITORY / "tests/images" / name for name in ("seven.jpg", "number.jpg"))
NEAR_A_PATH = re.compile(r"/(?:home|root|Users|tmp|srv|opt|mnt|usr|work|var)/|site-packages|file://")
DRAW_A_SEVEN = """
(() => {
  const paper = document.getElementById("paper"), box = paper.getBoundingClientRect();
  const at = (type, x, y) => paper.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, buttons: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height}));
  paper.setPointerCapture = () => {};  // no real pointer is down
  at("pointerdown", 0.25, 0.22);
  for (const [x, y] of [[0.75, 0.2], [0.62, 0.45], [0.45, 0.85]]) at("pointermove", x, y);
  at("pointerup", 0.45, 0.85);
})()
"""
CHOOSE_A_FILE = """
fetch("picture").then((response) => response.blob()).then((blob) => {
  const chosen = new DataTransfer(), input = document.getElementById("file");
  chosen.items.add(new File([blob], "picture"));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change"));
})
"""


def run(server: Server, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run an example with the server's address."""
    environment = clean_environment(NUMERAL_URL=server.url, PYTHONPATH=str(REPOSITORY), **environment)
    line = [str(part) for part in command]
    return subprocess.run(line, env=environment, cwd=server.folder, capture_output=True, text=True, timeout=60)


def test_every_example_is_in_the_list() -> None:
    text = (EXAMPLES / "README.md").read_text()
    files = {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {"README.md"}
    assert files == set(re.findall(r"^\| \[`([\w.-]+)`\]", text, re.MULTILINE))


def test_curl_reads_and_teaches(start_server: Callable[..., Server]) -> None:
    server = start_server()
    ran = run(server, "bash", EXAMPLES / "numeral.sh", NUMERAL_ADMIN_KEY=ADMIN_KEY)
    assert ran.returncode == 0, ran.stderr
    digit, batch, page, sample = (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))
    assert digit["digit"] == 7 and page["text"] == PHOTOGRAPHED
    assert batch["items"][0]["digit"] == 7 and batch["items"][1]["status"] >= 400
    assert (sample["label"], sample["outcome"]) == (7, "created")
    assert run(server, "bash", EXAMPLES / "numeral.sh").stdout.count("{") < ran.stdout.count("{")


def test_curl_prints_the_problem_and_fails(server: Server) -> None:
    ran = run(server, "bash", EXAMPLES / "numeral.sh", EXAMPLES / "numeral.sh")
    assert ran.returncode != 0 and "/problems/" in ran.stdout


def test_python_reads_pictures(server: Server) -> None:
    ran = run(server, sys.executable, EXAMPLES / "predict.py", SEVEN, EXAMPLES / "predict.py", "nowhere.png")
    assert ran.returncode == 1 and ran.stdout.startswith(f"{SEVEN}: 7  100.0%")
    assert ran.stderr.count("\n") == 2 and "nowhere.png" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("options", "expected"), [([], "7"), (["--numbers"], PHOTOGRAPHED)])
def test_python_reads_a_folder(options: list[str], expected: str, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    (folder / "below").mkdir(parents=True)
    for number in range(70):
        shutil.copy(NUMBER if options else SEVEN, folder / f"below/{number:02}.jpg")
    (folder / "torn.png").write_bytes(b"x")
    (folder / "notes.txt").write_text("no picture")
    ran = run(server, sys.executable, EXAMPLES / "read_folder.py", folder, *options)
    assert ran.returncode == 0, ran.stderr
    _, *rows = csv.reader(StringIO(ran.stdout))
    assert [Path(row[0]).name for row in rows] == [f"{number:02}.jpg" for number in range(70)] + ["torn.png"]
    assert {row[1] for row in rows[:-1]} == {expected} and rows[-1][1] == "" and rows[-1][2]


def test_javascript_reads_pictures(server: Server) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    ran = run(server, node, EXAMPLES / "numeral.mjs", SEVEN, EXAMPLES / "numeral.mjs")
    assert ran.stdout == f"{SEVEN}: 7  100.0%\n" and ran.returncode == 1
    assert ran.stderr.count("\n") == 1 and "    at " not in ran.stderr


class Folder(http.server.SimpleHTTPRequestHandler):
    """Serves the examples, and a picture to choose."""

    def translate_path(self, path: str) -> str:
        return str(SEVEN) if path == "/picture" else super().translate_path(path)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The origin at which the examples are."""
    handler = functools.partial(Folder, directory=str(EXAMPLES))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
        threading.Thread(target=service.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()


def answer_of(browser: Browser) -> str:
    """What the page shows, once it shows something."""
    return wait_until(lambda: str(browser.run("document.getElementById('answer')?.textContent") or ""), 60)


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: apt-get install chromium")
def test_the_page_reads_what_is_drawn_or_chosen(start_server: Callable[..., Server], site: str, tmp_path: Path) -> None:
    server = start_server(NUMERAL_CORS_ORIGINS=site)
    with chromium(tmp_path / "profile") as browser:
        browser.open(f"{site}/draw.html?service={server.url}")
        wait_until(lambda: browser.run("document.readyState === 'complete' && !!document.getElementById('file')"))
        for action in (DRAW_A_SEVEN, CHOOSE_A_FILE):
            browser.run("document.getElementById('clear').click()")
            browser.run(action)
            assert re.match(r"7\nconfidence \d+\.\d %$", answer_of(browser))
        assert browser.complaints == []


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: apt-get install chromium")
def test_the_page_says_what_to_set_where_the_service_may_not_answer_it(
    server: Server, site: str, tmp_path: Path
) -> None:
    with chromium(tmp_path / "profile") as browser:
        browser.open(f"{site}/draw.html?service={server.url}")
        wait_until(lambda: browser.run("document.readyState === 'complete' && !!document.getElementById('file')"))
        browser.run(DRAW_A_SEVEN)
        assert f"does NUMERAL_CORS_ORIGINS name {site}?" in answer_of(browser)


@pytest.mark.slow
def test_the_notebook_runs(start_server: Callable[..., Server], tmp_path: Path) -> None:
    server, target = start_server(), tmp_path / "ran.ipynb"
    ran = notebook.run(server, target)
    assert ran.returncode == 0, ran.stderr
    assert len(outputs(target)) == len(outputs(notebook.NOTEBOOK))
    text = "".join("".join(output.get("text", "")) for output in outputs(target))
    assert "7 with 100.0%" in text and PHOTOGRAPHED in text and "Version 2, kept" in text
    assert "mean 0.1307, deviation 0.3081, " in text.partition("Published as it reads best: ")[2][:60]
    assert "version 2" in text and text.rstrip().endswith("version 1") and not (server.folder / "net.pt").exists()


def outputs(path: Path) -> list[dict]:
    """The outputs of the notebook's cells."""
    cells = json.loads(path.read_text())["cells"]
    return [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]


def test_the_notebook_was_run_and_names_nothing_of_the_machine_that_did() -> None:
    cells = json.loads(notebook.NOTEBOOK.read_text())["cells"]
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == [*range(1, len(counts) + 1)] and len(counts) > 6
    assert {output["output_type"] for output in outputs(notebook.NOTEBOOK)} == {"stream", "display_data"}
    told = [json.dumps({**output, "data": list(output.get("data", {}))}) for output in outputs(notebook.NOTEBOOK)]
    assert [text for text in told if NEAR_A_PATH.search(text) or os.uname().nodename in text] == []
