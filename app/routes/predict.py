"""`POST /predict` and `POST /predict/batch`. `direct.py` says how their requests come here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.types import Receive, Scope, Send

from app.http.base64_images import as_data_uri
from app.http.body import body_limit, header
from app.http.encodings import ContentReader
from app.http.errors import Problem, as_json
from app.http.queries import truth_value
from app.http.security import predict_bearer
from app.inference.answered import Observe, answered_digit
from app.inference.pictures import Picture, many_pictures, one_picture
from app.inference.predictor import Answer, Predictor, problem_of
from app.routes.direct import MAX_LOOP_BYTES, Endpoint, VersionAsked, observer, send_json, version_asked
from app.schemas.bodies import FORMS_OF_AN_IMAGE, one_image, several_images
from app.schemas.examples import BATCHES, IMAGE, IMAGES, PNG
from app.schemas.predict import Batch, Prediction
from app.schemas.problems import documented
from model.classifier import Classifier
from model.preprocessing.pipeline import to_png

PARAMETERS = ("seen", "version")

to_json = Prediction.__pydantic_serializer__.to_json


async def predict(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one image with one prediction. Raises Problem."""
    body = await content.read(scope, receive, body_limit(predictor.settings))
    content_type, query = header(scope, b"content-type"), scope["query_string"]
    classifier = await version_asked(predictor, query, PARAMETERS)
    if len(body) <= MAX_LOOP_BYTES:
        picture = one_picture(body, content_type)
        answer = await predictor.answer(picture, classifier)
    else:
        picture, answer = await predictor.in_thread(partial(answer_body, predictor, content_type, classifier), body)
    request_id = scope["state"]["request_id"]
    if (observe := observer(predictor, scope)) is not None:
        observe(answered_digit(request_id, None, picture, *answer))
    made = prediction(answer, request_id)
    if query and truth_value(query, "seen"):
        show(made, answer)
    await send_json(send, to_json(made, exclude_none=True))


def answer_body(
    predictor: Predictor, content_type: str, classifier: Classifier | None, body: bytes
) -> tuple[Picture, Answer]:
    """Parse the body and answer its one picture, in the calling thread. Raises Problem."""
    picture = one_picture(body, content_type)
    return picture, predictor.answer_alone(picture, classifier)


async def predict_batch(
    predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer several images with a prediction or a problem for each, in order, all from one version. Raises Problem."""
    settings, query = predictor.settings, scope["query_string"]
    body = await content.read(scope, receive, body_limit(settings, settings.max_batch))
    classifier = await version_asked(predictor, query, PARAMETERS)
    is_seen, observe = truth_value(query, "seen"), observer(predictor, scope)
    request_id, content_type = scope["state"]["request_id"], header(scope, b"content-type")
    items = await predictor.in_thread(
        partial(answer_batch, predictor, content_type, classifier, request_id, observe, is_seen), body
    )
    batch = Batch.model_construct(items=items, total=len(items))
    await send_json(send, Batch.__pydantic_serializer__.to_json(batch, exclude_none=True, warnings=False))


def answer_batch(
    predictor: Predictor,
    content_type: str,
    classifier: Classifier | None,
    request_id: str,
    observe: Observe | None,
    is_seen: bool,
    body: bytes,
) -> list[Any]:
    """A prediction or a problem for each picture of the body, in order. Raises Problem when the whole body is wrong."""
    pictures = many_pictures(body, content_type, predictor.settings.max_batch)
    return answer_pictures(predictor, classifier, request_id, pictures, observe, is_seen)


def answer_pictures(
    predictor: Predictor,
    classifier: Classifier | None,
    request_id: str,
    pictures: Sequence[Picture | Exception],
    observe: Observe | None,
    is_seen: bool = False,
) -> list[Any]:
    """For each picture, in order, a Prediction or a problem's members; these, too, for an exception in its place.

    observe: as `direct.observer` has it; is_seen: whether a prediction shows what the model was given.
    """
    good = [picture for picture in pictures if not isinstance(picture, Exception)]
    answers = iter(predictor.answer_all(good, classifier))
    outcomes = [problem_of(picture) if isinstance(picture, Exception) else next(answers) for picture in pictures]
    if observe is not None:
        for item, (picture, outcome) in enumerate(zip(pictures, outcomes, strict=True)):
            if not (isinstance(picture, Exception) or isinstance(outcome, Problem)):
                observe(answered_digit(request_id, item, picture, *outcome))
    return [item_of(predictor, outcome, request_id, is_seen) for outcome in outcomes]


def item_of(predictor: Predictor, outcome: Answer | Problem, request_id: str, is_seen: bool) -> Any:
    """The item of a batch's answer for one picture; a problem is counted."""
    if isinstance(outcome, Problem):
        predictor.recorder.refused(outcome.slug)
        return as_json(outcome, request_id)
    made = prediction(outcome, request_id)
    if is_seen:
        show(made, outcome)
    return made


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


def show(made: Prediction, answer: Answer) -> None:
    """Add the picture that the model was given, and where the digit was in the picture as it was sent."""
    made.seen = as_data_uri(to_png(answer.reading.pixels))
    made.box = list(answer.reading.box) if answer.reading.box else None


ENDPOINTS: dict[str, Endpoint] = {"/predict": predict, "/predict/batch": predict_batch}

SEEN = "also answer with the 32×32 picture that the model was given, and the digit's box in the picture as it was sent"

router = APIRouter(
    tags=["predict"],
    dependencies=[Depends(predict_bearer)],
    responses=documented(400, 401, 404, 408, 409, 413, 415, 422, 503),
)


@router.put("/predict", include_in_schema=False)
@router.post(
    "/predict",
    name="predict",
    response_model=Prediction,
    openapi_extra=one_image(IMAGES, IMAGE),
    summary="Read the digit in one image",
    description=f"One image, {FORMS_OF_AN_IMAGE}",
)
def document_predict(seen: Annotated[bool, Query(description=SEEN)] = False, version: VersionAsked = None) -> None:
    """Documents `POST /predict`; `predict` above answers it."""


@router.put("/predict/batch", include_in_schema=False)
@router.post(
    "/predict/batch",
    name="predict_batch",
    response_model=Batch,
    openapi_extra=several_images(BATCHES, {"image": [PNG, PNG]}),
    summary="Read the digits in several images",
)
def document_predict_batch(
    seen: Annotated[bool, Query(description=SEEN)] = False, version: VersionAsked = None
) -> None:
    """Several images, as a form with files under any names or as a JSON list; an answer for each, in order.

    Each may have any form that `/predict` reads.
    """
