"""Settings: an empty one counts as unset, and a wrong one is refused at the start."""

from __future__ import annotations

import pytest

from app.settings import BadSettings, load_settings


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("PORT", "NUMERAL_WORKERS", "NUMERAL_WEIGHTS_DIR", "NUMERAL_DATA_DIR", "NUMERAL_OFFLINE")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    unset = load_settings()
    for name in names:
        monkeypatch.setenv(name, "")
    assert load_settings() == unset and unset.data_dir is None


@pytest.mark.parametrize(
    "origins", ["other.example", "https://other.example/", "https://a.example b", "ftp://a.example"]
)
def test_what_is_no_origin_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("NUMERAL_CORS_ORIGINS", origins)
    with pytest.raises(BadSettings, match=r"NUMERAL_CORS_ORIGINS.*origin"):
        load_settings()


@pytest.mark.parametrize(
    ("given", "taken"), [("/", ""), ("", ""), ("digits", "/digits"), ("/a/b/", "/a/b"), ("a b", None), ("/a?b", None)]
)
def test_a_root_path_is_a_path(monkeypatch: pytest.MonkeyPatch, given: str, taken: str | None) -> None:
    monkeypatch.setenv("NUMERAL_ROOT_PATH", given)
    if taken is None:
        with pytest.raises(BadSettings, match="NUMERAL_ROOT_PATH"):
            load_settings()
    else:
        assert load_settings().root_path == taken
