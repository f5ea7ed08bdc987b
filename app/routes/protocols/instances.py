"""Answer `{"instances": […]}` with `{"predictions": […]}`: what KServe's V1 protocol, Vertex AI and SageMaker share."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from app.http.body import body_limit
from app.http.encodings import ContentReader
from app.http.queries import check_names
from app.inference.answered import Observe
from app.inference.instances import pictures_of_instances
from app.inference.predictor import Predictor
from app.routes.direct import check_is_post, observer, send_json
from app.routes.predict import answer_pictures
from app.routes.read import Asked, answer_item
from app.schemas.bodies import UNLOCKED
from app.schemas.examples import NUMBER_PNG, PIXELS, PNG
from app.schemas.instances import InstancesRequest, Predictions
from app.schemas.openapi import reference, request_body

to_json = Predictions.__pydantic_serializer__.to_json

EXAMPLES = {"b64": {"summary": "an image file, as base64", "value": {"instances": [{"b64": PNG}, {"pixels": PIXELS}]}}}
PAGES = {"b64": {"summary": "a page, as base64", "value": {"instances": [{"b64": NUMBER_PNG}]}}}


async def predict_instances(
    predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer several pictures of digits, all from one version. Raises Problem."""
    body = await read_instances_body(predictor, content, scope, receive)
    request_id = scope["state"]["request_id"]
    work = partial(answer_instances, predictor, request_id, observer(predictor, scope))
    items = await predictor.in_thread(work, body)
    made = Predictions.model_construct(predictions=items)
    await send_json(send, to_json(made, exclude_none=True, warnings=False))


def answer_instances(predictor: Predictor, request_id: str, observe: Observe | None, body: bytes) -> list[Any]:
    """A prediction or a problem for each picture of the body, in order. Raises Problem when the whole body is wrong."""
    pictures = pictures_of_instances(body, predictor.settings.max_batch)
    return answer_pictures(predictor, None, request_id, pictures, observe)


async def read_instances(
    predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer several pages with the numbers on each, all from one version. Raises Problem."""
    body = await read_instances_body(predictor, content, scope, receive)
    parse = partial(pictures_of_instances, most=predictor.settings.max_batch)
    pictures = await predictor.in_thread(parse, body)
    asked = Asked(None, False, None, observer(predictor, scope), scope["state"]["request_id"])
    work = partial(answer_item, predictor, predictor.classifier(), asked)
    items = await predictor.in_turns(work, list(enumerate(pictures)))
    await send_json(send, b'{"predictions":[%b]}' % b",".join(items))


async def read_instances_body(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive) -> bytes:
    """The body of a POST whose query is empty. Raises Problem."""
    check_is_post(scope)
    check_names(scope["query_string"], ())
    return await content.read(scope, receive, body_limit(predictor.settings, predictor.settings.max_batch))


def instances_body(examples: dict[str, Any]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that takes instances."""
    content = {"application/json": {"schema": reference(InstancesRequest), "examples": examples}}
    return UNLOCKED | request_body(content)
