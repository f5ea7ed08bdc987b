"""The commands of deploy/protocols.md work, and answer what the page shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

from tests.server import REPOSITORY, Server

PAGE = (REPOSITORY / "deploy/protocols.md").read_text()
URL = "http://127.0.0.1:8000"
COMMANDS = 7


def test_every_command_of_the_page_answers_what_it_shows(start_server: Callable[..., Server]) -> None:
    server = start_server(
        NUMERAL_PROTOCOLS="kserve-v1,sagemaker", AIP_PREDICT_ROUTE="/v1/endpoints/1/deployedModels/2:predict"
    )
    commands = re.findall(r"^\$ (.+)\n(.+)$", PAGE, re.MULTILINE)
    for command, shown in commands:
        line = command.replace(URL, server.url).replace("curl ", "curl -s ")
        ran = subprocess.run(["bash", "-c", line], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        start = re.split(r'"id"|0\.99|"version":|…', shown)[0]
        assert len(start) > 10 and ran.stdout.startswith(start), command
    assert len(commands) == COMMANDS
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    code = code.replace("127.0.0.1:8000", server.url.removeprefix("http://"))
    ignored = ["-W", "ignore::ResourceWarning"]
    ran = subprocess.run([sys.executable, *ignored, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert ran.stdout == "[7] [ True]\n", ran.stderr
