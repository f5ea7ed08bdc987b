"""The pictures in `{"instances": [...]}`, the body of KServe's V1 protocol, TensorFlow Serving and Vertex AI.

An instance is `{"b64": …}`, as these protocols write binary data, or that as `image_bytes` or `data`; or what
`/predict` takes in JSON (`image` or `pixels`); or base64 alone, or rows of pixels alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from app.http.errors import BatchTooLarge
from app.inference.pictures import Picture, as_image_request, from_json
from app.schemas.instances import InstancesRequest
from app.schemas.json_body import as_utf8, context_of, is_small_json, validate_counted
from model.faults import result_or_error

WRAPPERS = ("b64", "data", "image_bytes")

instances_request = TypeAdapter(InstancesRequest)


def pictures_of_instances(body: bytes, most: int) -> list[Picture | Exception]:
    """The pictures of a request; an exception in the place of each that is wrong.

    Raises BatchTooLarge for more than `most` pictures, another Problem for a body of another form.
    """
    text = as_utf8(body)
    if not is_small_json(text, most):
        raise BatchTooLarge(f"The list has more values than {most} images have.")
    instances = validate_counted(instances_request, text).instances
    if len(instances) > most:
        raise BatchTooLarge(f"{len(instances)} images; send at most {most}.")
    context = context_of(text)
    return [result_or_error(lambda one: from_json(as_image_request(fields_of(one), context)), one) for one in instances]


def fields_of(instance: Any) -> object:
    """The instance as the JSON that `/predict` takes."""
    while isinstance(instance, dict) and len(instance) == 1 and (name := next(iter(instance))) in WRAPPERS:
        instance = instance[name]
    if isinstance(instance, str):
        return {"image": instance}
    return {"pixels": instance} if isinstance(instance, list) else instance
