"""`/samples/import` and `/samples/export`: all samples as one ZIP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.http.body import save_body
from app.http.encodings import refuse_encoding
from app.http.security import Admin
from app.samples import archive
from app.samples.temporary import temporary_file
from app.schemas.openapi import BINARY, request_body
from app.schemas.problems import documented
from app.schemas.samples import ImportedItem, ImportReport

CHUNK_BYTES = 262_144

router = APIRouter(prefix="/samples", tags=["samples"], responses=documented(401, 403, 503))


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
    """Yield the file's content in pieces, then close `opened`."""
    with opened:
        while piece := file.read(CHUNK_BYTES):
            yield piece
