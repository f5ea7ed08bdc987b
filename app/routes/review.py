"""`/samples/review`: kept pictures on which a person's look is most useful; list, read, show, delete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator, Field
from sqlalchemy.engine import RowMapping

from app.feedback import kept
from app.http.envelope import SANE_ID
from app.http.security import Admin
from app.inference.predictor import as_array
from app.routes.paging import MAX_LIMIT, PageOutOfRange, as_limit
from app.samples.samples import file_type
from app.schemas.openapi import BINARY
from app.schemas.problems import documented
from app.schemas.review import KeptPicture, ReviewList, ShadowAnswer
from model.preprocessing.decoding.limits import bounded_claim
from model.preprocessing.pipeline import to_png

CURSOR = re.compile(r"([0-9]{1,4})-([0-9]{1,18})")
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]

router = APIRouter(prefix="/samples/review", tags=["samples"], responses=documented(401, 403, 503))


def as_cursor(text: str) -> str:
    """Check `?cursor=`. Raises PageOutOfRange."""
    if CURSOR.fullmatch(text):
        return text
    raise PageOutOfRange("cursor: must be the `next` of the page before.")


Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(as_limit), Query(description="items a page")]
Cursor = Annotated[
    Annotated[str, Field(pattern=f"^{CURSOR.pattern}$"), BeforeValidator(as_cursor)] | None,
    Query(description="`next` of the page before"),
]
ShadowVersion = Annotated[
    Annotated[int, Field(ge=1, le=2**31 - 1)] | None,
    Query(description="only pictures that this version in the shadow read differently"),
]
OfRequest = Annotated[
    Annotated[str, Field(pattern=f"^{SANE_ID.pattern}$")] | None,
    Query(description="all kept pictures of this request, instead of those that wait for review"),
]


@router.get("", responses=documented(422))
def list_review(
    request: Request,
    admin: Admin,
    limit: Limit = 50,
    cursor: Cursor = None,
    shadow: ShadowVersion = None,
    request_id: OfRequest = None,
) -> ReviewList:
    """Kept pictures, the most useful to label first.

    Those that a version in the shadow reads differently, then those that were refused as unsure, then others that were
    refused, then those that were accepted without being certain. A picture that was corrected is no longer listed.
    With `request_id`, all that is kept of that request, also certain and corrected pictures.
    """
    state = request.app.state
    which = kept.for_review(shadow) if request_id is None else kept.of_request(request_id)
    rows, total = kept.page(state.database, state.settings, which, position_of(cursor), limit)
    return ReviewList(items=[described(row) for row in rows], total=total, next=next_cursor(rows, limit))


@router.get("/{number}", responses=documented(404, 422))
def get_kept(request: Request, admin: Admin, number: Number) -> KeptPicture:
    """One kept picture."""
    state = request.app.state
    return described(kept.get(state.database, state.settings, number))


@router.get(
    "/{number}/image",
    response_class=Response,
    responses={200: {"content": {"image/*": BINARY}}, **documented(404, 422)},
)
def get_kept_image(request: Request, admin: Admin, number: Number) -> Response:
    """The picture as it was sent; pixels as a PNG."""
    state = request.app.state
    picture = kept.picture_of(kept.get(state.database, state.settings, number, with_picture=True))
    if isinstance(picture, list):
        return Response(to_png(as_array(picture)), media_type="image/png")
    format = bounded_claim(picture, state.predictor.limits).format  # it was within the limits when it was answered
    return Response(picture, media_type=file_type(format)[1])


@router.delete("/{number}", status_code=204, responses=documented(404, 422))
def delete_kept(request: Request, admin: Admin, number: Number) -> None:
    """Delete a kept picture. A sample that was made of it stays."""
    kept.remove(request.app.state.database, admin, number)


def position_of(cursor: str | None) -> tuple[int, int] | None:
    """Rank and number of the last picture of the page before."""
    found = CURSOR.fullmatch(cursor or "")
    return (int(found[1]), int(found[2])) if found else None


def next_cursor(rows: Sequence[RowMapping], limit: int) -> str | None:
    """The cursor of the next page; None when the page is not full, and so the last one."""
    return f"{rows[-1]['rank']}-{rows[-1]['number']}" if len(rows) == limit else None


def described(row: RowMapping) -> KeptPicture:
    """The kept picture as the schema shows it."""
    shadow = None
    if row["shadow_version"] is not None:
        version, confidence = str(row["shadow_version"]), row["shadow_confidence"]
        shadow = ShadowAnswer(text=row["shadow_text"], confidence=confidence, model_version=version)
    named: dict[str, Any] = {name: row[name] for name in row if name in KeptPicture.model_fields}
    return KeptPicture(id=row["number"], model_version=str(row["version"]), shadow=shadow, **named)
