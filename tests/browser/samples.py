"""The samples and the kept pictures of a server, as the tests of the page see them."""

from __future__ import annotations

from model.preprocessing.pipeline import to_png
from tests.number_pages import number_page
from tests.server import Server, wait_until

REFUSED = to_png(number_page("47"))


def samples(server: Server) -> list[dict]:
    """All samples."""
    found: list[dict] = server.admin.get("/samples?limit=200").raise_for_status().json()["items"]
    return found


def labels(server: Server) -> list[int]:
    """The labels of all samples."""
    return [sample["label"] for sample in samples(server)]


def to_review(server: Server) -> list[int]:
    """The ids of the kept pictures that wait for review, once the one that is sent now, and refused, is among them.

    Pictures are kept a little later than they are answered, but in the same order: those of earlier requests are there.
    """
    last = server.client.post("/predict", content=REFUSED).raise_for_status().json()["request_id"]
    wait_until(lambda: server.admin.get("/samples/review", params={"request_id": last}).json()["items"])
    return [kept["id"] for kept in server.admin.get("/samples/review").raise_for_status().json()["items"]]


def make_empty(server: Server) -> None:
    """Delete all samples, and all kept pictures that wait for review, also those of requests just answered."""
    for sample in samples(server):
        server.admin.delete(f"/samples/{sample['id']}").raise_for_status()
    for kept in to_review(server):
        server.admin.delete(f"/samples/review/{kept}").raise_for_status()
