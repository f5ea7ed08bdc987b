"""Requests and responses of KServe's V1 protocol and of Vertex AI.

Sources: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol, and Vertex AI's "Custom
container requirements for inference".
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.predict import Prediction
from app.schemas.problems import ProblemDetail
from app.schemas.read import Numbers


class NoParameters(BaseModel):
    """There are none."""

    model_config = ConfigDict(extra="forbid")


class InstancesRequest(BaseModel):
    """Pictures."""

    instances: Annotated[
        list[Any],
        Field(min_length=1, description='of each picture `{"b64": …}`, or what `/predict` takes: `image` or `pixels`'),
    ]
    parameters: NoParameters | None = None


class Predictions(BaseModel):
    """One prediction or one problem an instance, in their order."""

    predictions: list[Prediction | ProblemDetail]


class NumbersPredictions(BaseModel):
    """The numbers of one page or one problem an instance, in their order."""

    predictions: list[Numbers | ProblemDetail]


class ModelNames(BaseModel):
    """The models that there are."""

    models: list[str]
