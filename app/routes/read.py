"""`POST /read` and `POST /read/batch`. `direct.py` says how their requests come here.

A page takes longer than a digit, so all work on it is done in the predictor's thread for large work, even that on its
JSON: the event loop stays free for predictions.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.types import Receive, Scope, Send

from app.http.base64_images import as_data_uri
from app.http.body import body_limit, header
from app.http.encodings import ContentReader
from app.http.errors import render
from app.http.queries import truth_value, whole_number
from app.http.security import predict_bearer
from app.inference.answered import Observe, answered_page
from app.inference.number_reader import numbers_of
from app.inference.pictures import Picture, many_pictures, one_picture
from app.inference.predictor import Predictor, problem_of
from app.routes.direct import Endpoint, VersionAsked, observer, send_json, version_asked
from app.schemas.bodies import FORMS_OF_AN_IMAGE, one_image, several_images
from app.schemas.examples import NUMBER, NUMBER_BATCHES, NUMBER_PNG, NUMBERS
from app.schemas.problems import documented
from app.schemas.read import DigitOfNumber, Number, Numbers, NumbersBatch, OtherText
from model.classifier import Classifier
from model.numbers.reader import MAX_DIGITS
from model.numbers.result import NumbersOnPage, ReadDigit
from model.preprocessing.pipeline import to_png

PATH = "/read"
PARAMETERS = ("digits", "seen", "version")

to_json = Numbers.__pydantic_serializer__.to_json


class Asked(NamedTuple):
    """What a request asks of each page.

    digits: of each number, None if unknown; seen: whether to show each digit; classifier: the version that it names,
    None for the one in use; observe: as `direct.observer` has it.
    """

    digits: int | None
    seen: bool
    classifier: Classifier | None
    observe: Observe | None
    request_id: str


async def asked_of(predictor: Predictor, scope: Scope) -> Asked:
    """What the request's query asks. Raises InvalidField, VersionNotFound, VersionDamaged."""
    query = scope["query_string"]
    classifier = await version_asked(predictor, query, PARAMETERS)
    digits, seen = whole_number(query, "digits", 1, MAX_DIGITS), truth_value(query, "seen")
    return Asked(digits, seen, classifier, observer(predictor, scope), scope["state"]["request_id"])


async def read(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one image with the numbers on it. Raises Problem."""
    body = await content.read(scope, receive, body_limit(predictor.settings))
    asked = await asked_of(predictor, scope)
    work = partial(answer_body, predictor, asked, header(scope, b"content-type"))
    await send_json(send, await predictor.in_thread(work, body))


def answer_body(predictor: Predictor, asked: Asked, content_type: str, body: bytes) -> bytes:
    """Parse the body and answer its one picture in JSON, in the calling thread. Raises Problem."""
    picture = one_picture(body, content_type, PATH)
    try:
        return answer_picture(predictor, asked.classifier or predictor.classifier(), asked, picture, None)
    except Exception as error:
        raise problem_of(error) from None


async def read_batch(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer several images with numbers or a problem for each, in order, all from one version. Raises Problem."""
    settings = predictor.settings
    body = await content.read(scope, receive, body_limit(settings, settings.max_batch))
    asked, content_type = await asked_of(predictor, scope), header(scope, b"content-type")
    parse = partial(many_pictures, content_type=content_type, most=settings.max_batch, path=PATH)
    pictures = await predictor.in_thread(parse, body)
    work = partial(answer_item, predictor, asked.classifier or predictor.classifier(), asked)
    items = await predictor.in_turns(work, list(enumerate(pictures)))
    await send_json(send, b'{"items":[%b],"total":%d}' % (b",".join(items), len(items)))


def answer_item(
    predictor: Predictor, classifier: Classifier, asked: Asked, numbered: tuple[int, Picture | Exception]
) -> bytes:
    """The JSON for one item of a batch: its numbers, or its problem. numbered: its place, from 0, and its picture."""
    item, picture = numbered
    try:
        if isinstance(picture, Exception):
            raise picture
        return answer_picture(predictor, classifier, asked, picture, item)
    except Exception as error:
        problem = problem_of(error)
        predictor.recorder.refused(problem.slug)
        return render(problem, asked.request_id)[2]


def answer_picture(
    predictor: Predictor, classifier: Classifier, asked: Asked, picture: Picture, item: int | None
) -> bytes:
    """The JSON for one picture. item: its place in a batch, None for the only one. Raises ImageError."""
    found = numbers_of(picture, classifier, predictor.limits, asked.digits, predictor.recorder)
    if (observe := asked.observe) is not None:
        observe(answered_page(asked.request_id, item, picture, found, classifier.version, asked.digits))
    return to_json(described(found, classifier.version, asked), exclude_none=True)


def described(found: NumbersOnPage, version: int, asked: Asked) -> Numbers:
    """The response's schema for one page."""
    numbers = [
        Number(
            text=number.text,
            confidence=number.confidence,
            accepted=number.accepted,
            reason=number.reason,
            box=list(number.box),
            digits=[described_digit(digit, asked.seen) for digit in number.digits],
            alternatives=[OtherText(text=other.text, confidence=other.confidence) for other in number.alternatives],
        )
        for number in found.numbers
    ]
    return Numbers(numbers=numbers, text=found.text, model_version=str(version), request_id=asked.request_id)


def described_digit(digit: ReadDigit, seen: bool) -> DigitOfNumber:
    """The response's schema for one digit. seen: whether with its picture."""
    return DigitOfNumber(
        digit=digit.digit,
        confidence=digit.confidence,
        box=list(digit.box),
        seen=as_data_uri(to_png(digit.pixels)) if seen else None,
    )


ENDPOINTS: dict[str, Endpoint] = {PATH: read, f"{PATH}/batch": read_batch}

Digits = Annotated[
    Annotated[int, Field(ge=1, le=MAX_DIGITS)] | None,
    Query(description="how many digits each number has, where that is known: a postcode's five, a form field's length"),
]
Seen = Annotated[bool, Query(description="also answer with the 32×32 picture of each digit that the model was given")]
READ = f"""A page with numbers, {FORMS_OF_AN_IMAGE}
The numbers come in reading order: top to bottom, left to right. Full stops, commas, dashes and signs of currency end up
outside of them. `pixels` are taken for a page of white ink on black. For a picture of one digit use `/predict`.
"""

router = APIRouter(
    tags=["read"],
    dependencies=[Depends(predict_bearer)],
    responses=documented(400, 401, 404, 408, 409, 413, 415, 422, 503),
)


@router.put(PATH, include_in_schema=False)
@router.post(
    PATH,
    name="read",
    response_model=Numbers,
    openapi_extra=one_image(NUMBERS, NUMBER),
    summary="Read the numbers on one page",
    description=READ,
)
def document_read(digits: Digits = None, seen: Seen = False, version: VersionAsked = None) -> None:
    """Documents `POST /read`; `read` above answers it."""


@router.put(f"{PATH}/batch", include_in_schema=False)
@router.post(
    f"{PATH}/batch",
    name="read_batch",
    response_model=NumbersBatch,
    openapi_extra=several_images(NUMBER_BATCHES, {"image": [NUMBER_PNG, NUMBER_PNG]}),
    summary="Read the numbers on several pages",
)
def document_read_batch(digits: Digits = None, seen: Seen = False, version: VersionAsked = None) -> None:
    """Several images, as a form with files under any names or as a JSON list; an answer for each, in order.

    Each may have any form that `/read` takes. `digits`, `seen` and `version` hold for all of them.
    """
