"""A client generated from /openapi.json: it predicts, stores samples and retrains."""

from __future__ import annotations

import base64
import importlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app.schemas import examples
from tests.server import ADMIN_KEY, REPOSITORY, Server, wait_until

CONFIG = REPOSITORY / "examples" / "openapi-python-client.yaml"
PNG = base64.b64decode(examples.PNG)
FINAL = {"promoted", "kept", "failed", "cancelled", "interrupted"}


@pytest.fixture(scope="module")
def client_package(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Generate the package with openapi-python-client and return its name. A warning fails the test."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_bytes(server.client.get("/openapi.json").content)
    command = [
        sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none",
        "--output-path", "numeral_client", "--fail-on-warning", "--config", CONFIG,
    ]  # fmt: skip
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])  # where ruff is
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path})
    assert made.returncode == 0 and "arning" not in made.stdout + made.stderr, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield "numeral_client"
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("numeral_client")]:
        del sys.modules[name]


class Sdk:
    """The generated package, with a client for a server."""

    def __init__(self, package: str, url: str) -> None:
        self.package = package
        self.models, self.types = self.load("models"), self.load("types")
        self.client = self.load("client").AuthenticatedClient(
            base_url=url, token=ADMIN_KEY, timeout=httpx.Timeout(30), raise_on_unexpected_status=True
        )

    def load(self, module: str) -> Any:
        """A module of the package."""
        return importlib.import_module(f"{self.package}.{module}")

    def __call__(self, group: str, operation: str, *path: Any, **arguments: Any) -> Any:
        """Call the operation and return its answer."""
        return self.load(f"api.{group}.{operation}").sync(*path, client=self.client, **arguments)

    def picture(self, content: bytes = PNG) -> Any:
        """A file to send."""
        return self.types.File(payload=io.BytesIO(content), file_name="seven.png")


@pytest.fixture
def sdk(client_package: str, start_server: Callable[..., Server]) -> Iterator[Sdk]:
    """The client, and its own server, where predictions need a key, too."""
    made = Sdk(client_package, start_server(NUMERAL_PREDICT_KEYS=f"app:{ADMIN_KEY}").url)
    with made.client:
        yield made


def test_a_generated_client_predicts(sdk: Sdk) -> None:
    models = sdk.models
    forms = [sdk.picture(), models.PredictFilesBody(file=sdk.picture()), models.ImageRequest(image=examples.PNG)]
    for body in (*forms, models.ImageRequest(pixels=examples.PIXELS)):
        prediction = sdk("predict", "predict", body=body)
        assert isinstance(prediction, models.Prediction) and prediction.digit == 7
    assert sdk("predict", "predict", body=sdk.picture(), seen=True).seen.startswith("data:image/png")
    assert sdk("predict", "predict", body=sdk.picture(b"no picture")).type_ == "/problems/unsupported-image"

    batch = sdk("predict", "predict_batch", body=[models.ImageRequest(image=examples.PNG), models.ImageRequest()])
    assert [type(item).__name__ for item in batch.items] == ["Prediction", "ProblemDetail"]
    batch = sdk("predict", "predict_batch", body=models.PredictBatchFilesBody(file=[sdk.picture(), sdk.picture()]))
    assert [item.digit for item in batch.items] == [7, 7]


def test_a_generated_client_reads_numbers(sdk: Sdk) -> None:
    models = sdk.models
    page = models.ImageRequest(image=examples.NUMBER_PNG)
    read = sdk("read", "read", body=page, digits=len(examples.TEXT), seen=True)
    assert isinstance(read, models.Numbers)
    assert [number.text for number in read.numbers] == [examples.TEXT] and read.text == examples.TEXT
    assert all(digit.seen.startswith("data:image/png") for number in read.numbers for digit in number.digits)
    batch = sdk("read", "read_batch", body=[page, models.ImageRequest()])
    assert [type(item).__name__ for item in batch.items] == ["Numbers", "ProblemDetail"]
    batch = sdk("read", "read_batch", body=models.ReadBatchFilesBody(file=[sdk.picture(), sdk.picture()]))
    assert [item.text for item in batch.items] == ["7", "7"]


@pytest.mark.slow
def test_a_generated_client_teaches_and_retrains(sdk: Sdk) -> None:
    models = sdk.models
    sample = sdk("samples", "add_sample", body=models.AddSampleFilesBody(file=sdk.picture(), label=7))
    assert sample.outcome.value == "created" and sample.created_at.tzinfo is not None
    assert sdk("samples", "list_samples", label=7, limit=5).total == 1
    assert sdk("samples", "get_sample_image", sample.id).payload.read() == PNG
    archive = sdk("samples", "export_samples")
    assert sdk("samples", "import_samples", body=archive).counts.to_dict() == {"unchanged": 1}
    page = models.SampleRequest(image=examples.NUMBER_PNG, text=examples.TEXT)
    number = sdk("samples", "add_sample", body=page)
    assert number.text == examples.TEXT and [item.label for item in number.items] == [7, 7]

    options = models.RetrainRequest(epochs=1, seed=1, promote=models.RetrainRequestPromote.MANUAL)
    job = sdk("admin", "retrain", body=options, idempotency_key="once")
    ended = wait_until(lambda: (now := sdk("admin", "get_job", job.id)).state.value in FINAL and now, 240)
    assert (ended.state.value, ended.version) == ("kept", 2), ended
    assert [version.version for version in sdk("admin", "list_versions").items] == [2, 1]
