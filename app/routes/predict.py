"""`POST /predict` and `POST /predict/batch`.

For speed, POST and PUT skip FastAPI's routing and dependencies: `FastPath` passes them directly to the ASGI apps that
`direct` makes here. The routes at the end of this file never run for them. They exist so that OpenAPI documents the
paths, and so that FastAPI refuses other methods.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.body import body_limit, header
from app.http.encodings import ContentReader
from app.http.errors import PLAIN_MESSAGES, InvalidField, Overloaded, Problem, as_json
from app.http.security import KeyCheck, predict_bearer
from app.inference.pictures import many_pictures, one_picture
from app.inference.predictor import Answer, Predictor, problem_of
from app.schemas.examples import BATCHES, IMAGE, IMAGES, PNG
from app.schemas.openapi import BINARY, FILE, forms, reference, request_body
from app.schemas.predict import Batch, ImageRequest, Prediction
from app.schemas.problems import documented
from model.preprocessing.decoding.limits import FORMATS
from model.preprocessing.pipeline import to_png

MAX_LOOP_BYTES = 65_536  # of a body that is parsed on the event loop; a longer one could block it

METHODS = frozenset({"POST", "PUT"})  # `curl -T 7.png` sends a PUT

truth_value = TypeAdapter(bool)  # pydantic's boolean, as in FastAPI's routes

to_json = Prediction.__pydantic_serializer__.to_json


async def predict(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one image with one prediction. Raises Problem."""
    body = await content.read(scope, receive, body_limit(predictor.settings))
    content_type = header(scope, b"content-type")
    if len(body) <= MAX_LOOP_BYTES:
        answer = await predictor.answer(one_picture(body, content_type))
    else:
        answer = await predictor.in_thread(partial(answer_body, predictor, content_type), body)
    made = prediction(answer, scope["state"]["request_id"])
    if scope["query_string"] and wants_seen(scope["query_string"]):
        made.seen = "data:image/png;base64," + base64.b64encode(to_png(answer.reading.pixels)).decode()
        made.box = list(answer.reading.box) if answer.reading.box else None
    await send_json(send, to_json(made, exclude_none=True))


def answer_body(predictor: Predictor, content_type: str, body: bytes) -> Answer:
    """Parse the body and answer its one picture, in the calling thread. Raises Problem."""
    return predictor.answer_alone(one_picture(body, content_type))


async def predict_batch(
    predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer several images with a prediction or a problem for each, in order, all from one version. Raises Problem."""
    settings = predictor.settings
    body = await content.read(scope, receive, body_limit(settings, settings.max_batch))
    outcomes = await predictor.in_thread(partial(answer_batch, predictor, header(scope, b"content-type")), body)
    request_id = scope["state"]["request_id"]
    items: list[Any] = [
        as_json(outcome, request_id) if isinstance(outcome, Problem) else prediction(outcome, request_id)
        for outcome in outcomes
    ]
    batch = Batch.model_construct(items=items, total=len(items))
    await send_json(send, Batch.__pydantic_serializer__.to_json(batch, exclude_none=True, warnings=False))


def answer_batch(predictor: Predictor, content_type: str, body: bytes) -> list[Answer | Problem]:
    """An answer or a problem for each picture of the body, in order. Raises Problem when the whole body is wrong."""
    pictures = many_pictures(body, content_type, predictor.settings.max_batch)
    answers = iter(predictor.answer_all([picture for picture in pictures if not isinstance(picture, Exception)]))
    return [problem_of(picture) if isinstance(picture, Exception) else next(answers) for picture in pictures]


def prediction(answer: Answer, request_id: str) -> Prediction:
    """The response's schema for one image."""
    _, verdict, version = answer
    return Prediction(
        digit=verdict.digit,
        confidence=verdict.confidence,
        accepted=verdict.accepted,
        reason=verdict.reason,
        probabilities=verdict.probabilities,
        model_version=str(version),
        request_id=request_id,
    )


def wants_seen(query: bytes) -> bool:
    """Whether the query has `seen=true`, which asks for the network's input and its place. Raises InvalidField."""
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("seen", ["false"])[-1]
    try:
        return truth_value.validate_python(given)
    except ValidationError:
        raise InvalidField(("seen", PLAIN_MESSAGES["bool_parsing"])) from None


async def send_json(send: Send, body: bytes) -> None:
    """Send a 200 with a JSON body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def direct(predictor: Predictor, content: ContentReader) -> dict[str, ASGIApp]:
    """Path → the ASGI app that answers `METHODS` on it."""
    check = KeyCheck(predictor.settings.predict_keys, "predict")
    endpoints = {"/predict": predict, "/predict/batch": predict_batch}
    return {
        path: guarded(partial(endpoint, predictor, content), predictor, check) for path, endpoint in endpoints.items()
    }


def guarded(endpoint: ASGIApp, predictor: Predictor, check: KeyCheck) -> ASGIApp:
    """Wrap the endpoint: check the predict key, and limit the predictions in progress (`max_in_flight`)."""
    settings = predictor.settings

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if check.keys:
            check.name_of(header(scope, b"authorization"), scope.get("client"))
        if predictor.in_flight >= settings.max_in_flight:
            raise Overloaded
        predictor.in_flight += 1
        try:
            await endpoint(scope, receive, send)
        finally:
            predictor.in_flight -= 1

    return app


IMAGE_REQUEST = reference(ImageRequest)
UNLOCKED: dict[str, Any] = {"security": [{}]}  # no key is needed where none is set
READ = f"""One image, in any of these forms. The service recognises the form by the content, not by a header:

- a picture file as the body: {FORMATS}, or HEIC where the service was installed with it
- its base64, or a data-URI, as the body
- a form, multipart or urlencoded, with one file under any name, or with a field `image` (base64) or `pixels`
- JSON with `image` (base64 or a data-URI) or `pixels`

A body may be compressed (`Content-Encoding: gzip` or `deflate`). `PUT` is taken as `POST` is.
"""
SEEN = "also answer with the 32×32 picture that the model was given, and the digit's box in the picture as it was sent"

router = APIRouter(
    tags=["predict"], dependencies=[Depends(predict_bearer)], responses=documented(400, 401, 408, 413, 415, 422, 503)
)


@router.put("/predict", include_in_schema=False)
@router.post(
    "/predict",
    name="predict",
    response_model=Prediction,
    openapi_extra=UNLOCKED
    | request_body(
        {
            "application/json": {"schema": IMAGE_REQUEST, "examples": IMAGES},
            "application/octet-stream": BINARY,
            **forms(FILE, IMAGE),
        }
    ),
    summary="Read the digit in one image",
    description=READ,
)
def document_predict(seen: Annotated[bool, Query(description=SEEN)] = False) -> None:
    """Documents `POST /predict`; `predict` above answers it."""


@router.put("/predict/batch", include_in_schema=False)
@router.post(
    "/predict/batch",
    name="predict_batch",
    response_model=Batch,
    openapi_extra=UNLOCKED
    | request_body(
        {
            "application/json": {
                "schema": {"type": "array", "minItems": 1, "items": IMAGE_REQUEST},
                "examples": BATCHES,
            },
            **forms({"type": "array", "items": FILE}, {"image": [PNG, PNG]}),
        }
    ),
    summary="Read the digits in several images",
)
def document_predict_batch() -> None:
    """Several images, as a form with files under any names or as a JSON list; an answer for each, in order.

    Each may have any form that `/predict` reads.
    """
