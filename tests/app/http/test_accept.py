"""Weights of what a client accepts."""

from __future__ import annotations

import pytest

from app.http.accept import weights_of


@pytest.mark.parametrize(
    ("accepted", "weights"),
    [
        ("gzip", {"gzip": 1}),
        (" GZIP ; q=0.1, br", {"gzip": 0.1, "br": 1}),
        ("gzip; q = 0", {"gzip": 0}),
        ("text/html;level=1; q=0.000", {"text/html": 0}),
        ("text/html;level=1", {"text/html": 1}),
        ("gzip;q=much, deflate;q=0.5", {"deflate": 0.5}),
        ("", {"": 1}),
    ],
)
def test_a_value_has_its_weight_or_one(accepted: str, weights: dict[str, float]) -> None:
    assert weights_of(accepted) == weights
