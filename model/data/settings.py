"""Where MNIST comes from, as the environment says: the settings that commands and the service share.

`app/settings.py` extends them. Loading pydantic-settings takes 0.15 s, half as long again as all else that
`numeral predict` needs; so a command imports this file when it loads digits, and not before.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from model.data.idx import CACHE_DIR
from model.errors import ModelError


class DataSettings(BaseSettings):
    """Each field is the environment variable of its name, in capitals, with the prefix.

    An empty variable is as good as none.
    """

    model_config = SettingsConfigDict(
        env_prefix="NUMERAL_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    data_dir: Path | None = None  # MNIST's four files
    cache_dir: Path = CACHE_DIR  # where MNIST is downloaded to
    offline: bool = False  # never download; without MNIST train on the embedded digits


def load_data_settings() -> DataSettings:
    """The settings of this process's environment. Raises ModelError with one line that names the wrong one."""
    try:
        return DataSettings()
    except ValidationError as error:
        raise ModelError(explain(error)) from None


def explain(error: ValidationError) -> str:
    """One line that names the first wrong setting and what it must be."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else "?"
    name = field if field.isupper() else f"NUMERAL_{field.upper()}"
    if first["type"] == "bool_parsing":
        return f"{name} must be true or false, not {first['input']!r}"
    return f"{name}: {first['msg']}"
