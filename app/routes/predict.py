"""`POST /predict` and `POST /predict/batch`.

The hot path does without FastAPI's middleware, routing and dependency solving: `Envelope` hands a POST straight to the
apps below. The routes at the end are FastAPI's, so that OpenAPI documents them and other methods are refused.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query
from starlette.types import ASGIApp, Receive, Scope, Send

from app.body import header, read_body
from app.errors import BadRequest, BatchTooLarge, InvalidField, KeyRequired, Overloaded, Problem, as_json
from app.openapi import BINARY, FILE, form, reference, request_body
from app.pictures import many_pictures, one_picture
from app.predict import Answer, Predictor
from app.schemas.examples import BATCHES, IMAGES
from app.schemas.predict import Batch, ImageRequest, Prediction
from app.schemas.problems import documented
from app.security import name_of_key, predict_bearer
from model.image import to_png

FORM_OVERHEAD = 1.4  # base64 is 4/3 of the bytes; a form adds less
PIXELS_BYTES = 8192  # of JSON that 32×32 integers need at most

TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")  # what other routes take

to_json = Prediction.__pydantic_serializer__.to_json
Endpoint = Callable[[Predictor, Scope, Receive, Send], Awaitable[None]]


async def predict(predictor: Predictor, scope: Scope, receive: Receive, send: Send) -> None:
    """One image in, one prediction out."""
    limit = int(predictor.settings.max_image_bytes * FORM_OVERHEAD) + PIXELS_BYTES
    body = await read_body(scope, receive, limit, predictor.settings.body_timeout)
    answer = await predictor.answer(one_picture(body, header(scope, b"content-type")))
    seen = None
    if scope["query_string"] and wants_seen(scope["query_string"]):
        seen = "data:image/png;base64," + base64.b64encode(to_png(answer.reading.pixels)).decode()
    await send_json(send, to_json(prediction(answer, scope["state"]["request_id"], seen), exclude_none=True))


async def predict_batch(predictor: Predictor, scope: Scope, receive: Receive, send: Send) -> None:
    """Several images in, a prediction or a problem for each, in order, all from one version."""
    settings = predictor.settings
    limit = int(settings.max_image_bytes * FORM_OVERHEAD) + settings.max_batch * PIXELS_BYTES
    body = await read_body(scope, receive, limit, settings.body_timeout)
    pictures = many_pictures(body, header(scope, b"content-type"))
    if not pictures:
        raise BadRequest("There are no images; a form's are files, which curl sends with an @: -F file=@7.png.")
    if len(pictures) > settings.max_batch:
        raise BatchTooLarge(f"{len(pictures)} images; send at most {settings.max_batch}.")
    sound = [picture for picture in pictures if not isinstance(picture, Problem)]
    answers = iter(await predictor.in_thread(predictor.answer_all, sound))
    outcomes = [picture if isinstance(picture, Problem) else next(answers) for picture in pictures]
    request_id = scope["state"]["request_id"]
    items: list[Any] = [
        as_json(outcome, request_id) if isinstance(outcome, Problem) else prediction(outcome, request_id)
        for outcome in outcomes
    ]
    batch = Batch.model_construct(items=items, total=len(items))
    await send_json(send, Batch.__pydantic_serializer__.to_json(batch, exclude_none=True, warnings=False))


def prediction(answer: Answer, request_id: str, seen: str | None = None) -> Prediction:
    """The answer for one image."""
    _, verdict, version = answer
    return Prediction(
        digit=verdict.digit,
        confidence=verdict.confidence,
        accepted=verdict.accepted,
        reason=verdict.reason,
        probabilities=verdict.probabilities,
        model_version=str(version),
        request_id=request_id,
        seen=seen,
    )


def wants_seen(query: bytes) -> bool:
    """Whether the query asks for the picture that the model was given. Raises InvalidField."""
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("seen", ["false"])[-1].lower()
    if given not in TRUE + FALSE:
        raise InvalidField(("seen", "must be true or false"))
    return given in TRUE


async def send_json(send: Send, body: bytes) -> None:
    """A 200 with a JSON body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def direct(predictor: Predictor) -> dict[str, ASGIApp]:
    """The apps that answer a POST, by their paths."""
    return {"/predict": guarded(predict, predictor), "/predict/batch": guarded(predict_batch, predictor)}


def guarded(endpoint: Endpoint, predictor: Predictor) -> ASGIApp:
    """The endpoint as an ASGI app, behind the predict key and the limit of what may be begun at once."""
    settings = predictor.settings

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        keys = settings.predict_keys
        if keys and name_of_key(header(scope, b"authorization"), keys) is None:
            raise KeyRequired("This service asks for a predict key.")
        if predictor.in_flight >= settings.max_in_flight:
            raise Overloaded
        predictor.in_flight += 1
        try:
            await endpoint(predictor, scope, receive, send)
        finally:
            predictor.in_flight -= 1

    return app


IMAGE_REQUEST = reference(ImageRequest)
UNLOCKED: dict[str, Any] = {"security": [{}]}  # no key is needed where none is set
SEEN = "answer with the 32×32 picture that the model is given, too"

router = APIRouter(
    tags=["predict"], dependencies=[Depends(predict_bearer)], responses=documented(400, 401, 408, 413, 415, 422, 503)
)


@router.post(
    "/predict",
    name="predict",
    response_model=Prediction,
    openapi_extra=UNLOCKED
    | request_body(
        {
            "application/json": {"schema": IMAGE_REQUEST, "examples": IMAGES},
            "application/octet-stream": BINARY,
            **form(file=FILE),
        }
    ),
    summary="Read the digit in one image",
)
def document_predict(seen: Annotated[bool, Query(description=SEEN)] = False) -> None:
    """One image, as the body itself under any other content type, as a form with one file under any name, or as JSON.

    Its content decides the format.
    """


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
            **form(file={"type": "array", "minItems": 1, "items": FILE}),
        }
    ),
    summary="Read the digits in several images",
)
def document_predict_batch() -> None:
    """Several images, as a form with files under any names or as a JSON list; an answer for each, in order."""
