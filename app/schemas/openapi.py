"""The document at `/openapi.json`: FastAPI's, with the schemas of bodies that routes parse without FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.schemas.inference import InferenceError, InferenceRequest
from app.schemas.instances import InstancesRequest
from app.schemas.jobs import RetrainRequest
from app.schemas.predict import ImageRequest
from app.schemas.samples import SampleRequest

BODIES: tuple[type[BaseModel], ...] = (
    ImageRequest,
    SampleRequest,
    RetrainRequest,
    InferenceRequest,
    InferenceError,
    InstancesRequest,
)
SHAPES = models_json_schema([(body, "validation") for body in BODIES], ref_template="#/components/schemas/{model}")[1]

FILE = {"type": "string", "format": "binary"}
BINARY = {"schema": FILE}
REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "schema": {"type": "string"},
    "description": "your own id for the request; the answer and the log repeat it, if it is short and plain",
}


class DocumentedApi(FastAPI):
    """FastAPI with the schemas of BODIES and the header X-Request-ID added to its document."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made at the first call."""
        document = super().openapi()
        components = document["components"]
        if "parameters" not in components:  # first call
            components["schemas"] |= SHAPES["$defs"]
            components["parameters"] = {"RequestId": REQUEST_ID}
            for operation in (each for path in document["paths"].values() for each in path.values()):
                parameters = operation.setdefault("parameters", [])
                for parameter in parameters:
                    parameter["schema"] = without_null(parameter["schema"])
                parameters.append({"$ref": "#/components/parameters/RequestId"})
        return document


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an optional parameter without its null: queries and headers have no null."""
    match schema:
        case {"anyOf": [kind, {"type": "null"}], **rest}:
            return {**rest, **kind}
    return schema


def reference(body: type[BaseModel]) -> dict[str, str]:
    """A `$ref` to the schema of a body."""
    return {"$ref": f"#/components/schemas/{body.__name__}"}


def forms(file: dict[str, Any], examples: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The content of both kinds of form: a `file`, or its base64 in the field `image`, and further `fields`.

    examples: by name, of forms with base64.
    """
    text = {"type": "string", "minLength": 1, "description": "base64, or a data-URI"}
    image = text if file is FILE else {"type": "array", "items": text}
    described = {
        name: {"summary": "an image file, as base64 in a field", "value": form} for name, form in examples.items()
    }
    return {
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": file, "image": image, **fields}},
            "examples": described,
        },
        "application/x-www-form-urlencoded": {
            "schema": {"type": "object", "properties": {"image": image, **fields}},
            "examples": described,
        },
    }


def request_body(content: dict[str, Any]) -> dict[str, Any]:
    """A required body in OpenAPI. content: media type → its schema and examples."""
    return {"requestBody": {"required": True, "content": content}}
