"""Samples are imported from a ZIP item by item, and an export is what an import takes."""

from __future__ import annotations

import io
import zipfile

import httpx
import numpy as np
import pytest

from model.preprocessing.pipeline import read_digit
from tests.client import add_sample, check_problem
from tests.pictures import picture, zipped
from tests.server import Server


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


def test_a_zip_with_a_csv_is_imported(own: Server) -> None:
    files = {"a.png": picture(1), "b.png": picture(2), "labels.csv": b"name,label\na.png,7\nb.png,3\n"}
    assert send(own, zipped(files)).json()["counts"] == {"created": 2}
    assert sorted(item["label"] for item in own.admin.get("/samples").json()["items"]) == [3, 7]


@pytest.mark.parametrize("line", [b"b.png,30", b"b" * 200_000 + b",3"], ids=["no digit", "a name without end"])
def test_a_line_of_a_csv_that_can_not_be_read_is_named(server: Server, line: bytes) -> None:
    problem = check_problem(send(server, zipped({"labels.csv": b"a.png,7\n" + line})), 422, "invalid-field")
    assert [error["field"] for error in problem["errors"]] == ["labels.csv, line 2"]
    assert problem["detail"].startswith("labels.csv, line 2: ")


def test_an_export_is_what_an_import_takes(own: Server) -> None:
    for number in range(4):
        add_sample(own, picture(number), number)
    exported = own.admin.get("/samples/export").raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(exported)) as packed:
        assert sorted(packed.read(name) for name in packed.namelist()) == sorted(picture(n) for n in range(4))
    assert send(own, exported).json()["counts"] == {"unchanged": 4}


def test_pixels_come_back_from_an_export_as_they_were_sent(own: Server) -> None:
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
    bomb = zipped({f"7/{n}.png": b"\0" * 90_000 for n in range(50)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 20_000
    check_problem(send(careful, bomb), 422, "broken-archive")
    many = zipped({f"7/{n}.png": b"x" for n in range(30)})
    careful.stop()
    careful.environment["NUMERAL_MAX_IMPORT_ITEMS"] = "20"
    careful.start()
    check_problem(send(careful, many), 413, "batch-too-large")
