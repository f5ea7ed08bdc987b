"""The picture at the top of the README is small and up to date, and shows the model's answers."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bench.gallery import PATH, TILE, ask, draw, pictures, thumbnail, words
from model.data.digits import Splits
from tests.server import REPOSITORY, Server


def test_the_gallery_is_small_and_as_its_command_draws_it(mnist: Splits, server: Server) -> None:
    path = REPOSITORY / PATH
    assert path.stat().st_size < 100_000
    drawn = draw([ask(server.url, picture, condition) for picture, condition in pictures(mnist.test)])
    with Image.open(path) as shown:
        assert shown.convert("RGB").tobytes() == drawn.convert("RGB").tobytes()


def test_the_gallery_says_what_was_answered_and_no_more() -> None:
    assert words({"accepted": True, "digit": 7, "confidence": 0.99999}) == "7   99.9 %"
    assert words({"accepted": False, "reason": "not-a-digit", "digit": 7, "confidence": 0.9}) == "not a digit"


def test_the_gallery_shows_a_wide_picture_whole(tmp_path: Path) -> None:
    wide = Image.new("L", (400, 100), 255)
    wide.paste(0, (0, 40, 10, 60))  # at the left edge, which a cut would take away
    path = tmp_path / "wide.png"
    wide.save(path)
    shown = thumbnail(path.read_bytes())
    assert shown.size == (TILE, TILE) and shown.convert("L").getextrema()[0] < 100
