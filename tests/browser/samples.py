"""The samples of a server, as the tests of the page see them."""

from __future__ import annotations

from tests.server import Server


def samples(server: Server) -> list[dict]:
    """All samples."""
    found: list[dict] = server.admin.get("/samples?limit=200").raise_for_status().json()["items"]
    return found


def labels(server: Server) -> list[int]:
    """The labels of all samples."""
    return [sample["label"] for sample in samples(server)]
