"""`/samples`: users' labelled images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, Field, TypeAdapter
from sqlalchemy.engine import RowMapping
from starlette.convertors import StringConvertor, register_url_convertor

from app import archive, samples
from app.body import save_body
from app.db import Database
from app.encodings import read_content, refuse_encoding
from app.errors import BadRequest, InvalidField
from app.forms import Part
from app.json_body import as_utf8, validate
from app.openapi import BINARY, FILE, form, reference, request_body
from app.pictures import MAX_FIELDS, Picture, form_parts, from_json, holds_picture, picture_of_part
from app.predict import Predictor
from app.routes.paging import Page, next_cursor
from app.schemas.examples import SAMPLES
from app.schemas.problems import documented
from app.schemas.samples import ImportedItem, ImportReport, Sample, SampleList, SampleRequest, StoredSample
from app.scratch import temporary_file
from app.security import Admin
from model.image import to_png

FORM_OVERHEAD = 1.4
PICTURE_FIELDS = ("file", "image", "pixels")  # of a form, which has one of them
sample_request = TypeAdapter(SampleRequest)

CHUNK_BYTES = 262_144

DOCUMENTED_BODY = request_body(
    {
        **form(file=FILE, label={"type": "integer", "minimum": 0, "maximum": 9}),
        "application/json": {"schema": reference(SampleRequest), "examples": SAMPLES},
    }
)


class SampleId(StringConvertor):
    """What may stand for an id in a path: not what is the name of another route."""

    regex = "(?!(?:import|export)$)[^/]+"


register_url_convertor("sample", SampleId())
router = APIRouter(prefix="/samples", tags=["samples"], responses=documented(401, 403, 503))


@router.post(
    "",
    status_code=201,
    openapi_extra=DOCUMENTED_BODY,
    responses={200: {"model": StoredSample}, **documented(400, 408, 413, 415, 422)},
)
async def add_sample(request: Request, response: Response, admin: Admin) -> StoredSample:
    """Store a labelled image durably; 200 when it is there already, another label corrects the one it had."""
    predictor: Predictor = request.app.state.predictor
    limit = int(predictor.settings.max_image_bytes * FORM_OVERHEAD)
    timeout = predictor.settings.body_timeout
    body = await read_content(request.scope, request.receive, limit, timeout, predictor.in_thread)
    row, outcome = await run_in_threadpool(store, request, admin, body)
    response.status_code = 201 if outcome == "created" else 200
    response.headers["Location"] = f"/samples/{row['id']}"
    return StoredSample(**row, outcome=outcome)


def labelled_picture(body: bytes, content_type: str) -> tuple[Picture, int]:
    """The picture and its label, from a form or from JSON, as their content tells. Raises Problem."""
    parts = form_parts(body, content_type, MAX_FIELDS)
    if parts is not None:
        return labelled_part([part for part in parts if not part.is_unused])
    text = as_utf8(body)
    if text[:1] not in (b"{", b"[") and "json" not in content_type.lower():
        raise BadRequest("Send multipart/form-data with `file` and `label`, or JSON.")
    sample = sample_from_json(text)
    return from_json(sample), sample.label


def labelled_part(parts: list[Part]) -> tuple[Picture, int]:
    """The picture and its label from the fields of a form. Raises Problem."""
    fields = {part.name: part for part in parts}
    pictures = [fields[name] for name in PICTURE_FIELDS if name in fields]
    if not pictures or not holds_picture(pictures[0]):
        raise InvalidField(("file", "the form has no such file; curl sends it with an @: -F file=@7.png"))
    if unknown := sorted(fields.keys() - {*PICTURE_FIELDS, "label"}):
        raise InvalidField(*((name, "there is no such field; send `file` and `label`") for name in unknown))
    if len(pictures) > 1:
        raise InvalidField((pictures[1].name, f"send either this or `{pictures[0].name}`"))
    if twice := [name for name, count in Counter(part.name for part in parts).items() if count > 1]:
        raise InvalidField(*((name, "stands more than once") for name in twice))
    text = fields["label"].data.decode("utf-8", "replace") if "label" in fields else ""
    return picture_of_part(pictures[0]), as_label(text.strip())


def as_label(text: str) -> int:
    """The label that a form or a query gives. Raises InvalidLabel."""
    if len(text) != 1 or text not in "0123456789":
        raise samples.InvalidLabel("label: must be one digit, 0–9.")
    return int(text)


def sample_from_json(body: bytes) -> SampleRequest:
    """A labelled image as JSON. Raises Problem."""
    try:
        return validate(sample_request, body)
    except InvalidField as problem:
        if any(error["field"] == "label" for error in problem.extra.get("errors", ())):
            raise samples.InvalidLabel(problem.detail, extra=problem.extra) from None
        raise


def store(request: Request, actor: str, body: bytes) -> tuple[RowMapping, samples.Outcome]:
    """Read the labelled picture and commit the sample; answers with its row and what became of it."""
    state = request.app.state
    picture, label = labelled_picture(body, request.headers.get("Content-Type", ""))
    reading = state.predictor.read(picture)
    image = picture if isinstance(picture, bytes) else to_png(reading.pixels)
    database: Database = state.database
    with database.begin() as connection:
        added = samples.add(connection, actor, image, reading, label, state.model.classifier)
    return samples.get(database, added.id), added.outcome


@router.get("", responses=documented(422))
def list_samples(
    request: Request,
    admin: Admin,
    page: Page,
    label: Annotated[
        Annotated[int, Field(ge=0, le=9), BeforeValidator(as_label)] | None, Query(description="only this digit")
    ] = None,
    suspect: bool | None = None,
) -> SampleList:
    """Samples, oldest first; `suspect=true` for those whose label the version in use is sure is wrong."""
    state = request.app.state
    if state.model.classifier is not None:
        samples.judge_again(state.database, state.model.classifier)
    rows, total = samples.page(state.database, page.cursor or 0, page.limit, label, suspect)
    items = [Sample(**row) for row in rows]
    return SampleList(items=items, total=total, next=next_cursor(rows, page.limit, "number"))


@router.post(
    "/import", openapi_extra=request_body({"application/zip": BINARY}), responses=documented(408, 413, 415, 422, 507)
)
async def import_samples(request: Request, admin: Admin) -> ImportReport:
    """Store the labelled images of a ZIP: folders 0–9, or images and a labels.csv. Can be repeated."""
    state = request.app.state
    refuse_encoding(request.scope)
    archive.check_media_type(request.headers.get("Content-Type", ""))
    settings = state.settings
    with temporary_file() as file:
        await save_body(request.scope, request.receive, settings.max_import_bytes, settings.body_timeout, file)
        results = await run_in_threadpool(
            archive.add_all,
            state.database,
            admin,
            file,
            state.model.classifier,
            state.predictor.limits,
            settings.max_import_items,
        )
    items = [ImportedItem(**result._asdict()) for result in results]
    return ImportReport(items=items, total=len(items), counts=Counter(item.outcome for item in items))


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {"application/zip": BINARY}}})
def export_samples(request: Request, admin: Admin) -> StreamingResponse:
    """Every sample in a ZIP that `POST /samples/import` takes back."""
    with ExitStack() as stack:
        file = stack.enter_context(temporary_file())
        archive.write_all(request.app.state.database, file)
        file.seek(0)
        opened = stack.pop_all()
    headers = {"Content-Disposition": 'attachment; filename="samples.zip"'}
    return StreamingResponse(chunks(file, opened), media_type="application/zip", headers=headers)


def chunks(file: IO[bytes], opened: ExitStack) -> Iterator[bytes]:
    """The file's content in pieces; then closes what was opened for it."""
    with opened:
        while piece := file.read(CHUNK_BYTES):
            yield piece


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
    """The image as it was sent; with `seen=true` the 32×32 PNG that the model is given."""
    row = samples.get(request.app.state.database, identity, with_image=True)
    if seen:
        return Response(to_png(np.frombuffer(row["reading"], np.uint8).reshape(32, 32)), media_type="image/png")
    kind = "png" if row["format"] == "pixels" else row["format"].lower()
    return Response(row["image"], media_type=f"image/{kind}")


@router.delete("/{identity:sample}", status_code=204, responses=documented(404))
def delete_sample(request: Request, admin: Admin, identity: str) -> None:
    """Forget a sample; versions trained on it stay as they are."""
    samples.remove(request.app.state.database, admin, identity)
