"""Samples: stored durably and only once, corrected, listed, exported and imported again."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pytest
from PIL import Image

from app.cli import main as cli
from app.database.database import Database
from app.samples import archive, samples
from app.samples.samples import is_held_out
from model.classifier import Classifier
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.pipeline import read_digit, to_png
from tests.app.http.test_bad_input import check_problem
from tests.app.inference.test_predictor import poisoned
from tests.conftest import ADMIN_KEY, SHIPPED, Server, clean_environment, draw_seven


def picture(number: int) -> bytes:
    """A seven that is different for each number."""
    return to_png(np.asarray(draw_seven(100 + number)))


POISON = read_digit(picture(3)).pixels.tobytes()


def post(server: Server, image: bytes, label: int = 7) -> httpx.Response:
    return server.admin.post("/samples", files={"file": ("x.png", image)}, data={"label": str(label)})


FILE_TYPES = [
    ("PNG", "png", "image/png"), ("JPEG", "jpeg", "image/jpeg"), ("AVIF", "avif", "image/avif"),
    ("JPEG2000", "jp2", "image/jp2"), ("PPM", "pnm", "image/x-portable-anymap"),
]  # fmt: skip


def test_an_image_is_given_back_as_what_it_is(start_server: Callable[..., Server]) -> None:
    server, names = start_server(), set()
    for kind, suffix, media_type in FILE_TYPES:
        image = io.BytesIO()
        draw_seven().convert("RGB").save(image, kind)
        stored = post(server, image.getvalue()).raise_for_status().json()
        given = server.admin.get(f"/samples/{stored['id']}/image")
        assert given.content == image.getvalue() and given.headers["Content-Type"] == media_type
        names.add(f"7/{stored['id']}.{suffix}")
    with zipfile.ZipFile(io.BytesIO(server.admin.get("/samples/export").content)) as exported:
        assert set(exported.namelist()) == names


@pytest.fixture
def own(start_server, database_url: str) -> Server:
    """A server with its own database, of either kind."""
    return start_server(NUMERAL_DATABASE_URL=database_url)


def test_of_many_who_post_the_same_image_at_once_one_creates_it(own: Server, seven: bytes) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(own, seven), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert own.admin.get("/samples").json()["total"] == 1


def test_a_sample_is_stored_once_and_another_label_corrects_it(own: Server, seven: bytes) -> None:
    first = post(own, seven)
    assert first.status_code == 201 and first.json()["outcome"] == "created"
    assert first.json()["id"] == hashlib.sha256(seven).hexdigest()
    again = post(own, seven)
    assert again.status_code == 200 and again.json()["outcome"] == "unchanged"
    corrected = post(own, seven, 1)
    assert corrected.status_code == 200 and corrected.json()["outcome"] == "corrected"
    stored = own.admin.get(first.headers["Location"]).json()
    assert stored["label"] == 1 and own.admin.get("/samples").json()["total"] == 1
    actions = [record["action"] for record in own.admin.get("/admin/audit").json()["items"]]
    assert actions == ["sample-corrected", "sample-added"]


def test_json_takes_images_and_pixels(own: Server, seven: bytes) -> None:
    image = {"image": base64.b64encode(seven).decode(), "label": 7}
    assert own.admin.post("/samples", json=image).status_code == 201
    pixels = read_digit(seven).pixels
    stored = own.admin.post("/samples", json={"pixels": pixels.tolist(), "label": 7})
    assert stored.status_code == 201
    back = own.admin.get(f"{stored.headers['Location']}/image?seen=true").content
    assert (np.asarray(Image.open(io.BytesIO(back))) == pixels).all()
    check_problem(own.admin.post("/samples", json={**image, "label": 10}), 422, "invalid-label")
    check_problem(own.admin.post("/samples", json={**image, "label": True}), 422, "invalid-label")


def test_the_image_comes_back_as_it_was_sent(own: Server, seven: bytes) -> None:
    location = post(own, seven).headers["Location"]
    response = own.admin.get(f"{location}/image")
    assert response.content == seven and response.headers["Content-Type"] == "image/png"


def test_lists_are_paged_and_filtered(own: Server) -> None:
    for number in range(7):
        post(own, picture(number), label=number % 2)
    seen, cursor = [], None
    while True:
        page = own.admin.get("/samples", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        assert page["total"] == 7
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == [hashlib.sha256(picture(number)).hexdigest() for number in range(7)]
    assert own.admin.get("/samples?label=1").json()["total"] == 3


def test_a_label_that_the_version_in_use_is_sure_is_wrong_is_suspect(own: Server, seven: bytes) -> None:
    post(own, seven, 7)
    post(own, picture(1), 2)
    suspects = own.admin.get("/samples?suspect=true").json()["items"]
    assert [(item["label"], item["predicted"]) for item in suspects] == [(2, 7)]


def test_a_deleted_sample_is_gone(own: Server, seven: bytes) -> None:
    location = post(own, seven).headers["Location"]
    assert own.admin.delete(location).status_code == 204
    check_problem(own.admin.get(location), 404, "sample-not-found")
    assert post(own, seven).status_code == 201


def test_every_acknowledged_sample_survives_a_kill(own: Server) -> None:
    stored = [post(own, picture(number)).json()["id"] for number in range(5)]
    own.stop(signal.SIGKILL)
    own.start()
    assert [item["id"] for item in own.admin.get("/samples").json()["items"]] == stored


def test_membership_of_the_held_out_set_follows_from_the_content() -> None:
    ids = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(5000)]
    assert 0.17 < np.mean([is_held_out(identity) for identity in ids]) < 0.23
    assert [is_held_out(i) for i in ids] == [is_held_out(i) for i in ids]


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def send(server: Server, data: bytes) -> httpx.Response:
    return server.admin.post("/samples/import", content=data, headers={"Content-Type": "application/zip"})


def test_a_zip_of_folders_is_imported_item_by_item_and_can_be_repeated(own: Server) -> None:
    files = {
        "7/a.png": picture(1),
        "set/7/b.png": picture(2),
        "1/c.png": picture(3),
        "7/broken.png": b"\x89PNG broken",
        "../7/escape.png": picture(4),
        "unlabelled.png": picture(5),
        "__MACOSX/7/._a.png": b"litter",
    }
    report = send(own, zipped(files)).raise_for_status().json()
    outcomes = {item["name"]: item["outcome"] for item in report["items"]}
    assert outcomes == {
        "7/a.png": "created",
        "set/7/b.png": "created",
        "1/c.png": "created",
        "7/broken.png": "refused",
        "../7/escape.png": "created",  # only its bytes and label are taken, its path leads nowhere
        "unlabelled.png": "refused",
    }
    assert report["counts"] == {"created": 4, "refused": 2}
    again = send(own, zipped(files)).raise_for_status().json()
    assert again["counts"] == {"unchanged": 4, "refused": 2}
    assert own.admin.get("/samples").json()["total"] == 4


@pytest.mark.parametrize(
    ("module", "function", "is_poison"),
    [
        (archive, "unpack", lambda _, info, *others: info.filename == "7/3.png"),
        (archive, "read_digit", lambda image, *_: image == picture(3)),
        (samples, "predictions", lambda _, given, *others: [one.pixels.tobytes() for one in given] == [POISON]),
    ],
    ids=["unpacking", "reading", "judging"],
)
def test_our_own_bug_in_one_file_of_a_zip_is_that_files_alone(
    database: Database, module: ModuleType, function: str, is_poison: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, function, poisoned(getattr(module, function), is_poison))
    files = io.BytesIO(zipped({f"7/{i}.png": picture(i) for i in range(6)}))
    results = archive.add_all(database, "tester", files, Classifier.load(SHIPPED / "1"), Limits(), 10)
    refused = [(result.name, result.detail) for result in results if result.outcome == "refused"]
    assert refused == [("7/3.png", "Something broke on our side.")]
    assert [result.outcome for result in results].count("created") == 5


def test_a_zip_with_a_csv_is_imported(own: Server) -> None:
    files = {"a.png": picture(1), "b.png": picture(2), "labels.csv": b"name,label\na.png,7\nb.png,3\n"}
    assert send(own, zipped(files)).json()["counts"] == {"created": 2}
    assert sorted(item["label"] for item in own.admin.get("/samples").json()["items"]) == [3, 7]


@pytest.mark.parametrize("line", [b"b.png,30", b"b" * 200_000 + b",3"], ids=["no digit", "a name without end"])
def test_a_line_of_a_csv_that_can_not_be_read_is_named(server: Server, line: bytes) -> None:
    problem = check_problem(send(server, zipped({"labels.csv": b"a.png,7\n" + line})), 422, "invalid-field")
    assert [error["field"] for error in problem["errors"]] == ["labels.csv, line 2"]
    assert problem["detail"].startswith("labels.csv, line 2: ")


def take(database: Database, files: dict[str, bytes]) -> dict[str, str]:
    """Import a ZIP; return the outcome of each file."""
    results = archive.add_all(database, "tester", io.BytesIO(zipped(files)), None, Limits(), max_items=10)
    return {result.name: result.outcome for result in results}


def test_lines_of_a_csv_may_end_in_cr(database: Database) -> None:
    files = {"a.png": picture(1), "b.png": picture(2), "labels.csv": b"name,label\ra.png,7\rb.png,3\r"}
    assert take(database, files) == {"a.png": "created", "b.png": "created"}


def test_a_csv_is_found_in_a_zipped_folder(database: Database) -> None:
    files = {
        "digits/Labels.csv": b"a.png,7\nmore/b.png,3\n",
        "digits/a.png": picture(1),
        "digits/more/b.png": picture(2),
        "a.png": picture(3),
        "__MACOSX/digits/._Labels.csv": b"litter",
    }
    assert take(database, files) == {"digits/a.png": "created", "digits/more/b.png": "created", "a.png": "refused"}
    assert [row.label for row in archive.every_sample(database)] == [7, 3]


def test_an_export_is_what_an_import_takes(own: Server) -> None:
    for number in range(4):
        post(own, picture(number), number)
    exported = own.admin.get("/samples/export").raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(exported)) as packed:
        assert sorted(packed.read(name) for name in packed.namelist()) == sorted(picture(n) for n in range(4))
    assert send(own, exported).json()["counts"] == {"unchanged": 4}


def test_pixels_come_back_from_an_export_as_they_were_sent(start_server) -> None:
    own = start_server()
    beside_the_middle = np.roll(read_digit(picture(1)).pixels, 6, axis=1)
    only_ink = np.full((28, 28), 255, np.uint8)
    for pixels in (beside_the_middle, only_ink):
        own.admin.post("/samples", json={"pixels": pixels.tolist(), "label": 7}).raise_for_status()

    def stored() -> dict[str, tuple[str, bytes]]:
        items = own.admin.get("/samples").json()["items"]
        return {i["id"]: (i["format"], own.admin.get(f"/samples/{i['id']}/image?seen=true").content) for i in items}

    before = stored()
    exported = own.admin.get("/samples/export").raise_for_status().content
    for identity in before:
        own.admin.delete(f"/samples/{identity}").raise_for_status()
    assert send(own, exported).json()["counts"] == {"created": 2}
    assert stored() == before


def test_a_zip_is_taken_as_curl_sends_it_but_not_in_a_form(server: Server) -> None:
    for kind in ({}, {"Content-Type": "application/x-www-form-urlencoded"}):
        response = server.admin.post("/samples/import", content=zipped({}), headers=kind)
        assert response.status_code == 200, response.text
    problem = check_problem(
        server.admin.post("/samples/import", files={"file": zipped({})}), 415, "unsupported-media-type"
    )
    assert "the ZIP itself" in problem["detail"]


@pytest.mark.parametrize("data", [b"", b"no zip", zipped({"7/a.png": b"x" * 50})[:-30]], ids=["empty", "no zip", "cut"])
def test_what_is_no_zip_is_refused(server: Server, data: bytes) -> None:
    check_problem(send(server, data), 422, "broken-archive")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(start_server) -> None:
    careful = start_server(NUMERAL_MAX_IMAGE_BYTES="100000")
    bomb = zipped({f"7/{n}.png": b"\0" * 90_000 for n in range(50)})
    assert len(bomb) < 20_000
    check_problem(send(careful, bomb), 422, "broken-archive")
    many = zipped({f"7/{n}.png": b"x" for n in range(30)})
    careful.stop()
    careful.environment["NUMERAL_MAX_IMPORT_ITEMS"] = "20"
    careful.start()
    check_problem(send(careful, many), 413, "batch-too-large")


def command(server: Server, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a `numeral` command with the server's address and key."""
    environment = {"NUMERAL_URL": server.url, "NUMERAL_ADMIN_KEY": ADMIN_KEY, "COLUMNS": "80"} | environment
    line = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(line, env=clean_environment(**environment), capture_output=True, text=True, timeout=60)


def test_the_command_line_imports_lists_and_exports(own: Server, tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(zipped({"7/a.png": picture(1), "2/b.png": picture(2), "7/c.png": b"broken"}))
    imported = command(own, "samples", "import", str(tmp_path / "in.zip"))
    assert imported.returncode == 1 and "2 created, 1 refused" in imported.stdout and "7/c.png" in imported.stdout
    listed = command(own, "samples", "list", "--suspect")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == [hashlib.sha256(picture(2)).hexdigest()]
    assert command(own, "samples", "export", str(tmp_path / "out.zip")).returncode == 0
    assert zipfile.is_zipfile(tmp_path / "out.zip") and not os.path.exists(tmp_path / "out.zip.part")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--url", "http://127.0.0.1:9"], "can't be reached"),
        (["--url", "http://localhost:abc"], "Invalid port: 'abc'"),
        (["--key", "wrong"], "--key or NUMERAL_ADMIN_KEY"),
        (["--key", "schlüssel"], "--key (NUMERAL_ADMIN_KEY)"),
    ],
)
def test_the_command_line_says_in_one_line_what_went_wrong(server: Server, options: list[str], reason: str) -> None:
    ended = command(server, "samples", "list", *options)
    assert ended.returncode == 1 and ended.stderr.startswith("numeral: ") and ended.stderr.count("\n") == 1
    assert reason in ended.stderr


def test_ctrl_c_ends_a_command_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.samples.main", interrupted)
    monkeypatch.setattr(sys, "argv", ["numeral", "samples", "list"])
    assert cli.main() == 130 and capsys.readouterr().err == "numeral: stopped\n"


def test_the_address_and_the_key_stand_before_or_after_the_subcommand(server: Server) -> None:
    nowhere = {"NUMERAL_URL": "http://127.0.0.1:9", "NUMERAL_ADMIN_KEY": "wrong"}
    given = ["--url", server.url, "--key", ADMIN_KEY]
    for arguments in (["samples", "list", *given], ["samples", *given, "list"]):
        assert command(server, *arguments, **nowhere).returncode == 0
