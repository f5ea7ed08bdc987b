"""The document at `/openapi.json`: FastAPI's, and the shapes of the bodies that routes read by themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.schemas.jobs import RetrainRequest
from app.schemas.predict import ImageRequest
from app.schemas.samples import SampleRequest

BODIES: tuple[type[BaseModel], ...] = (ImageRequest, SampleRequest, RetrainRequest)
SHAPES = models_json_schema([(body, "validation") for body in BODIES], ref_template="#/components/schemas/{model}")[1]

FILE = {"type": "string", "format": "binary"}
BINARY = {"schema": FILE}
REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "schema": {"type": "string"},
    "description": "your own name for the request, which the answer and the log then carry, if it is plain and short",
}


class DocumentedApi(FastAPI):
    """FastAPI whose document knows what `reference` names, and the header that every operation takes."""

    def openapi(self) -> dict[str, Any]:
        """The document."""
        document = super().openapi()
        components = document["components"]
        if "parameters" not in components:  # it was made this moment
            components["schemas"] |= SHAPES["$defs"]
            components["parameters"] = {"RequestId": REQUEST_ID}
            for operation in (each for path in document["paths"].values() for each in path.values()):
                parameters = operation.setdefault("parameters", [])
                for parameter in parameters:
                    parameter["schema"] = without_null(parameter["schema"])
                parameters.append({"$ref": "#/components/parameters/RequestId"})
        return document


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of what may be left out of a query or a header, where nothing can be null."""
    match schema:
        case {"anyOf": [kind, {"type": "null"}], **rest}:
            return {**rest, **kind}
    return schema


def reference(body: type[BaseModel]) -> dict[str, str]:
    """The schema of a body, by its name."""
    return {"$ref": f"#/components/schemas/{body.__name__}"}


def forms(file: dict[str, Any], example: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Both kinds of form: with a `file`, or with its base64 in the field `image`, and with fields that are needed."""
    text = {"type": "string", "minLength": 1, "description": "base64, or a data-URI"}
    image = text if file is FILE else {"type": "array", "items": text}
    shape = {"type": "object", "required": list(fields)} if fields else {"type": "object"}
    examples = {"image": {"summary": "an image file, as base64 in a field", "value": example}}
    return {
        "multipart/form-data": {
            "schema": {**shape, "properties": {"file": file, "image": image, **fields}},
            "examples": examples,
        },
        "application/x-www-form-urlencoded": {
            "schema": {**shape, "properties": {"image": image, **fields}},
            "examples": examples,
        },
    }


def request_body(content: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of a body that is needed, by media types."""
    return {"requestBody": {"required": True, "content": content}}
