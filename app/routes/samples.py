"""`/samples`: labelled images and numbers from users: add, list, show, delete."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BeforeValidator, Field
from starlette.convertors import StringConvertor, register_url_convertor

from app.database.database import Database, DatabaseUnavailable
from app.feedback import kept
from app.http.body import body_limit
from app.http.encodings import ContentReader
from app.http.security import Admin, Teacher
from app.inference.pictures import Picture
from app.inference.predictor import Predictor
from app.routes.paging import Paging, next_cursor
from app.samples import samples, teaching
from app.samples.parsing import KeptReference, parse_label, parse_sample
from app.schemas.examples import SAMPLE_FORMS, SAMPLES
from app.schemas.openapi import BINARY, FILE, forms, reference, request_body
from app.schemas.problems import documented
from app.schemas.samples import (
    TEXT_SCHEMA,
    Sample,
    SampleList,
    SampleRequest,
    StoredNumber,
    StoredSample,
)
from model.classifier import Classifier
from model.numbers.alignment import Alignment
from model.preprocessing.pipeline import to_png

WRITTEN_SECONDS = 1.0  # within which a picture is in the database after its answer, unless much is going on
LOOK_SECONDS = 0.05

FORM_FIELDS = {
    "label": {"type": "integer", "minimum": 0, "maximum": 9},
    "text": TEXT_SCHEMA,
    "request_id": {"type": "string", "description": "instead of a file: that of an earlier request"},
    "item": {"type": "integer", "minimum": 0, "description": "with `request_id`, of a batch: the picture's place"},
}
DOCUMENTED_BODY = request_body(
    {
        **forms(FILE, SAMPLE_FORMS, **FORM_FIELDS),
        "application/json": {"schema": reference(SampleRequest), "examples": SAMPLES},
    }
)


class SampleId(StringConvertor):
    """Path convertor for a sample's id: any segment except "import", "export" and "review", routes of their own."""

    regex = "(?!(?:import|export|review)$)[^/]+"


register_url_convertor("sample", SampleId())
router = APIRouter(prefix="/samples", tags=["samples"], responses=documented(401, 403, 503))


@router.post(
    "",
    status_code=201,
    openapi_extra=DOCUMENTED_BODY,
    responses={200: {"model": StoredSample | StoredNumber}, **documented(400, 404, 408, 409, 413, 415, 422)},
)
async def add_sample(request: Request, response: Response, teacher: Teacher) -> StoredSample | StoredNumber:
    """Store a labelled image durably. 200 when the image was stored before; its label is then corrected.

    With `label`, the image shows one digit. With `text`, it shows one number or several: the version in use finds where
    the digits of the text lie, and stores each digit as a sample, all of them or none. 200 when all were stored before;
    another text corrects the labels of the same pieces of ink.

    Where the service keeps pictures, `request_id` stands for the one of an earlier `/predict` or `/read`, as its answer
    has it; of a batch, `item` says which.
    """
    content: ContentReader = request.app.state.content
    body = await content.read(request.scope, request.receive, body_limit(request.app.state.settings))
    sent, shown = await run_in_threadpool(parse_sample, body, request.headers.get("Content-Type", ""))
    kept_as = sent if isinstance(sent, KeptReference) else None
    picture = await kept_picture(request, sent) if isinstance(sent, KeptReference) else sent
    if isinstance(shown, str):
        number = await add_number(request, teacher, picture, shown, kept_as)
        response.status_code = 201 if any(item.outcome == "created" for item in number.items) else 200
        return number
    sample = await run_in_threadpool(store, request, teacher, picture, shown, kept_as)
    response.status_code = 201 if sample.outcome == "created" else 200
    response.headers["Location"] = f"/samples/{sample.id}"
    return sample


async def kept_picture(request: Request, named: KeptReference) -> Picture:
    """The picture of an earlier request. It may take a moment until that is written: the client may be faster.

    Raises KeptNotFound, RequestIdAmbiguous, InvalidField, and DatabaseUnavailable where it is not written in time.
    """
    state = request.app.state
    latest = time.monotonic() + (WRITTEN_SECONDS if state.settings.keep != "none" else 0)
    while True:
        try:
            return await run_in_threadpool(kept.find, state.database, state.settings, *named)
        except kept.KeptNotFound:
            if time.monotonic() > latest:
                if state.collector.may_have(named.request_id):
                    raise DatabaseUnavailable("The picture waits to be written.") from None
                raise
        await asyncio.sleep(LOOK_SECONDS)


def store(
    request: Request, actor: str, picture: Picture, label: int, kept_as: KeptReference | None = None
) -> StoredSample:
    """Read the picture of one digit and commit the sample. kept_as: where it is kept, if it is. Raises Problem."""
    state = request.app.state
    reading = state.predictor.read(picture)
    image = picture if isinstance(picture, bytes) else to_png(reading.pixels)
    database: Database = state.database
    with database.begin() as connection:
        added = samples.add(connection, actor, image, reading, label, state.model.classifier)
        if kept_as:
            kept.mark_taught(connection, *kept_as)
    return StoredSample(**samples.get(database, added.id), outcome=added.outcome)


async def add_number(
    request: Request, actor: str, picture: Picture, text: str, kept_as: KeptReference | None = None
) -> StoredNumber:
    """Align the text in the thread for large work, as pages are read there; then store its digits. Raises Problem."""
    predictor: Predictor = request.app.state.predictor
    classifier = predictor.classifier()
    align = partial(teaching.aligned, classifier=classifier, limits=predictor.limits, text=text)
    alignment = await predictor.in_thread(align, picture)
    return await run_in_threadpool(store_digits, request, actor, alignment, classifier, kept_as)


def store_digits(
    request: Request, actor: str, alignment: Alignment, classifier: Classifier, kept_as: KeptReference | None = None
) -> StoredNumber:
    """Commit a sample for each digit that was found in a picture. Raises Problem."""
    database: Database = request.app.state.database
    with database.begin() as connection:
        added = teaching.add_digits(connection, actor, alignment, classifier)
        if kept_as:
            kept.mark_taught(connection, *kept_as)
    items = [
        StoredSample(**{**samples.get(database, one.id), "box": digit.box}, outcome=one.outcome)
        for one, digit in zip(added, alignment.digits, strict=True)
    ]
    text = "".join(str(digit.digit) for digit in alignment.digits)
    return StoredNumber(text=text, confidence=alignment.confidence, items=items, total=len(items))


@router.get("", responses=documented(422))
def list_samples(
    request: Request,
    admin: Admin,
    page: Paging,
    label: Annotated[
        Annotated[int, Field(ge=0, le=9), BeforeValidator(parse_label)] | None, Query(description="only this digit")
    ] = None,
    suspect: bool | None = None,
) -> SampleList:
    """Samples, oldest first. `suspect=true`: only those for which the version in use is sure of another digit."""
    state = request.app.state
    if state.model.classifier is not None:
        samples.refresh_predictions(state.database, state.model.classifier)
    rows, total = samples.page(state.database, page.cursor or 0, page.limit, label, suspect)
    items = [Sample(**row) for row in rows]
    return SampleList(items=items, total=total, next=next_cursor(rows, page.limit, "number"))


@router.get("/{identity:sample}", responses=documented(404))
def get_sample(request: Request, admin: Admin, identity: str) -> Sample:
    """One sample."""
    return Sample(**samples.get(request.app.state.database, identity))


@router.get(
    "/{identity:sample}/image",
    response_class=Response,
    responses={200: {"content": {"image/*": BINARY}}, **documented(404, 422)},
)
def get_sample_image(request: Request, admin: Admin, identity: str, seen: bool = False) -> Response:
    """The image as it was sent; of a digit of a number, and with `seen=true`, the 32×32 PNG that the model is given."""
    row = samples.get(request.app.state.database, identity, with_image=True)
    if seen:
        return Response(to_png(samples.as_pixels(row["reading"])), media_type="image/png")
    _, media_type = samples.file_type(row["format"])
    return Response(row["image"], media_type=media_type)


@router.delete("/{identity:sample}", status_code=204, responses=documented(404))
def delete_sample(request: Request, admin: Admin, identity: str) -> None:
    """Delete a sample. Versions trained on it stay as they are."""
    samples.remove(request.app.state.database, admin, identity)
