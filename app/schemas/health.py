"""The responses of the health routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["ok", "loading", "draining"]


class Live(BaseModel):
    """The process is up."""

    status: Literal["ok"] = "ok"


class Health(BaseModel):
    """Whether this process answers predictions, and with which version."""

    model_config = ConfigDict(protected_namespaces=())

    status: Status
    version: Annotated[str, Field(description="of the service")]
    model_version: Annotated[str | None, Field(description="in use; null while none is loaded")]
    uptime_seconds: float
    warning: Annotated[
        str | None,
        Field(description="what the operator should look at: the version served, the database, the folders, the keys"),
    ] = None
