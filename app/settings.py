"""Every setting of the service, read from the environment: prefix `NUMERAL_`, except for `HOST` and `PORT`."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import NoDecode

from model.data.settings import DataSettings, explain
from model.registry.store import DEFAULT_ROOT, SHIPPED_ROOT

MEGABYTE = 1_000_000
PROTOCOLS = frozenset({"kserve-v1", "sagemaker"})  # those that are off unless they are asked for
PORT_VARIABLES = ("SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT", "PORT")  # the first that is set; clouds set the others
PATH = re.compile(r"(?:[\w.~-]+(?:/[\w.~-]+)*)?", re.ASCII)
ROUTE = re.compile(r"(?:/[\w.~:@-]+)+", re.ASCII)
ORIGIN = re.compile(r"https?://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?", re.ASCII)


class BadSettings(Exception):
    """A setting is invalid. The text is one line that names it and says what it must be."""


def parse_keys(value: object, unnamed: str = "key") -> object:
    """`"alice:s3cret,bob:other"` or `"s3cret,other"` → (name, key) pairs. Keys without a name are named key-1, key-2 …

    A name may occur twice, so that an old and a new key are both valid during a rotation.
    """
    if not isinstance(value, str):
        return value
    keys = []
    for number, item in enumerate(filter(None, (part.strip() for part in value.split(","))), start=1):
        name, colon, key = item.partition(":")
        if not (name and (key or not colon)):
            raise ValueError("each key is KEY or NAME:KEY, separated by commas")
        keys.append((name, key) if colon else (f"{unnamed}-{number}", name))
    return keys


def parse_root_path(value: object) -> object:
    """`"digits/"`, `"/digits"` → `"/digits"`; `"/"` → `""`."""
    if not isinstance(value, str):
        return value
    path = value.strip("/")
    if not PATH.fullmatch(path):
        raise ValueError("must be a path such as /digits")
    return f"/{path}" if path else ""


def parse_origins(value: object) -> object:
    """`"https://a.example, http://localhost:3000"` → a tuple of origins (RFC 6454); `"*"` stands for every origin."""
    if not isinstance(value, str):
        return value
    origins = tuple(filter(None, (part.strip() for part in value.split(","))))
    for origin in origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin such as https://example.org, without a path")
    return origins


def parse_protocols(value: object) -> object:
    """`"sagemaker, kserve-v1"` → a set of protocols."""
    if not isinstance(value, str):
        return value
    names = frozenset(filter(None, (part.strip() for part in value.split(","))))
    if unknown := names - PROTOCOLS:
        raise ValueError(f"there is no protocol {min(unknown)!r}, but {', '.join(sorted(PROTOCOLS))}")
    return names


def parse_route(value: object) -> object:
    """`"/v1/endpoints/1/deployedModels/2:predict"`: a path."""
    if isinstance(value, str) and not ROUTE.fullmatch(value):
        raise ValueError("must be a path such as /health")
    return value


Keys = Annotated[tuple[tuple[str, SecretStr], ...], NoDecode, BeforeValidator(parse_keys)]
TeachKeys = Annotated[Keys, BeforeValidator(partial(parse_keys, unnamed="teach-key"))]  # names as the audit has them


class Settings(DataSettings):
    """The service's settings. Each field is an environment variable: its name in capitals, after the prefix.

    An empty variable counts as not set. `DataSettings` has those that say where MNIST comes from.
    """

    host: str = Field("127.0.0.1", validation_alias=AliasChoices("HOST", "host"))
    port: int = Field(8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "port"))
    workers: int = Field(1, ge=1, le=64)
    page: bool = True  # whether `/` is the page, for a browser; else it leads to the reference
    root_path: Annotated[str, BeforeValidator(parse_root_path)] = ""  # path prefix of the service at a reverse proxy
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_origins)] = ()  # pages that may call it

    weights_dir: Path = DEFAULT_ROOT
    shipped_weights_dir: Path = SHIPPED_ROOT  # copied into an empty `weights_dir`
    keep_versions: int = Field(20, ge=1)  # older versions are removed, but never the current one
    database_url: str = "sqlite:///var/numeral.db"

    protocols: Annotated[frozenset[str], NoDecode, BeforeValidator(parse_protocols)] = frozenset()
    sagemaker_bind_to_port: int | None = Field(  # `port`, where SageMaker or Vertex AI says it
        None, ge=0, le=65535, validation_alias=AliasChoices("SAGEMAKER_BIND_TO_PORT", "sagemaker_bind_to_port")
    )
    aip_http_port: int | None = Field(
        None, ge=0, le=65535, validation_alias=AliasChoices("AIP_HTTP_PORT", "aip_http_port")
    )
    aip_health_route: Annotated[str | None, BeforeValidator(parse_route)] = Field(
        None, validation_alias=AliasChoices("AIP_HEALTH_ROUTE", "aip_health_route")
    )
    aip_predict_route: Annotated[str | None, BeforeValidator(parse_route)] = Field(
        None, validation_alias=AliasChoices("AIP_PREDICT_ROUTE", "aip_predict_route")
    )

    admin_keys: Keys = ()
    teach_keys: TeachKeys = ()
    predict_keys: Keys = ()
    keys_file: Path | None = None  # with further keys, read again when it changes

    keep: Literal["none", "refused", "all"] = "none"  # which pictures are kept for corrections and review
    keep_pictures: int = Field(10_000, ge=1)  # at most; the oldest are removed first
    keep_bytes: int = Field(500 * MEGABYTE, ge=1024)  # of pictures, at most
    keep_days: float = Field(7.0, gt=0, le=3650)  # for which a picture is kept at most

    metrics: bool = True  # /metrics
    log_requests: float = Field(0.0, ge=0, le=1)  # the share of requests that are logged; failed ones always are

    max_image_bytes: int = Field(20 * MEGABYTE, ge=1024)
    max_image_pixels: int = Field(50_000_000, ge=1024)
    max_import_bytes: int = Field(500 * MEGABYTE, ge=1024)  # of a ZIP; its content may have four times as many
    max_import_items: int = Field(100_000, ge=1)
    max_batch: int = Field(128, ge=1, le=1024)  # images in one request
    max_dynamic_batch: int = Field(64, ge=1)  # tiny images of different requests in one batch (dynamic batching)
    max_bodies_bytes: int = Field(400 * MEGABYTE, ge=1024)  # of bodies in a worker's memory; above it 503
    max_in_flight: int = Field(1024, ge=1)  # predictions in progress in a worker; above it 503
    max_large_in_flight: int = Field(64, ge=1)  # of those, the ones in or waiting for the thread for large work
    header_timeout: float = Field(10.0, gt=0)  # seconds; then a request with incomplete headers is answered 408
    keep_alive_timeout: int = Field(30, ge=1)  # seconds a connection stays open between two requests
    body_timeout: float = Field(15.0, gt=0)  # seconds; then an incomplete body gets 408, an unread answer is cut off
    drain_seconds: float = Field(0.0, ge=0, le=600)  # after SIGTERM: /readyz says 503, but requests are still answered
    shutdown_timeout: int = Field(8, ge=0)  # seconds for requests in flight to finish after that

    queue_seconds: int = Field(60, ge=10)  # then a queued retraining that no process has claimed is given up
    retrain_stall_seconds: int = Field(300, ge=1)  # a trainer without any progress for this long is ended
    retrain_seconds: int = Field(3 * 3600, ge=1)  # a trainer that runs for longer is ended
    retrain_megabytes: int = Field(6_000, ge=256)  # a trainer with more resident memory is ended

    @classmethod
    def variables(cls) -> frozenset[str]:
        """The names of all environment variables that are settings."""
        aliases = ((name, field.validation_alias) for name, field in cls.model_fields.items())
        return frozenset(
            str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"NUMERAL_{name.upper()}"
            for name, alias in aliases
        )

    @model_validator(mode="after")
    def _use_the_port_of_the_cloud(self) -> Self:
        for port in (self.sagemaker_bind_to_port, self.aip_http_port):
            if port is not None:
                self.port = port
                break
        return self


def load_settings() -> Settings:
    """The settings from this process's environment. Raises BadSettings with one line for the operator."""
    try:
        return Settings()
    except ValidationError as error:
        raise BadSettings(explain(error)) from None
