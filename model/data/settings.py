"""Environment variables that say where MNIST comes from: the settings that commands and the service share.

`app/settings.py` extends them. Importing pydantic-settings takes 0.15 s, half as long as everything else that
`numeral predict` imports. So commands import this module only when they load digits.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.data.idx import CACHE_DIR
from model.errors import ModelError


class DataSettings(BaseSettings):
    """The environment variable of a field is NUMERAL_ and its name in capitals. An empty one counts as unset."""

    model_config = SettingsConfigDict(
        env_prefix="NUMERAL_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    data_dir: Path | None = None  # folder with MNIST's four files
    cache_dir: Path = CACHE_DIR  # folder that MNIST is downloaded to
    offline: bool = False  # never download; without MNIST, train on scikit-learn's digits


def load_data_settings() -> DataSettings:
    """Read the settings from the environment. Raises ModelError, whose one line names the wrong setting."""
    try:
        return DataSettings()
    except ValidationError as error:
        raise ModelError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """One line that names the first wrong setting and says what it must be."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else "?"
    name = field if field.isupper() else f"NUMERAL_{field.upper()}"
    if first["type"] == "bool_parsing":
        return f"{name} must be true or false, not {first['input']!r}"
    return f"{name}: {first['msg']}"
