"""`/admin/versions`: list, read, activate (promote by hand or roll back)."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.engine import RowMapping

from app.database import audit
from app.database.database import DatabaseUnavailable
from app.feedback import shadow_records
from app.feedback.shadow_records import ShadowNotFound, VersionInUse
from app.http.errors import Problem
from app.http.security import Admin
from app.inference.active_model import current_of
from app.inference.retained_versions import VersionDamaged, VersionNotFound
from app.schemas.openapi import BINARY
from app.schemas.problems import documented
from app.schemas.versions import Shadow, Version, VersionDetail, VersionList
from model.errors import DamagedVersion, NoVersion, StoreError
from model.registry.store import Store

router = APIRouter(prefix="/admin/versions", tags=["admin"], responses=documented(401, 403))
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
PictureName = Annotated[Literal["acceptance", "confusion", "hardest", "reliability"], Path()]
ShareAsked = Annotated[float, Query(gt=0, le=1, description="of the pictures of /predict and /read, 0–1")]


class PictureNotFound(Problem):
    status, slug, title = 404, "picture-not-found", "There is no such picture"
    remedy = "GET /admin/versions lists the versions; an older one may have been removed meanwhile."


class WeightsUnwritable(Problem):
    status, slug, title = 503, "weights-unwritable", "The folder of versions can't be written"
    remedy = "The operator should look at its permissions and disk space."


@router.get("")
def list_versions(request: Request, admin: Admin) -> VersionList:
    """Versions with their metrics, newest first."""
    store: Store = request.app.state.store
    current = current_of(store)
    items = [describe(store, version, current) for version in reversed(store.versions())]
    return VersionList(items=[Version(**item.model_dump()) for item in items], total=len(items))


@router.get("/{version}", responses=documented(404, 422))
def get_version(request: Request, admin: Admin, version: Number) -> VersionDetail:
    """One version with its manifest."""
    store: Store = request.app.state.store
    if version not in store.versions():
        raise VersionNotFound(f"There is no version {version}.")
    found = describe(store, version, current_of(store))
    with suppress(ShadowNotFound, DatabaseUnavailable):
        found.shadow = shadow_of(shadow_records.get(request.app.state.database, version))
    return found


@router.get(
    "/{version}/pictures/{name}",
    response_class=Response,
    responses={200: {"content": {"image/png": BINARY}}, **documented(404, 422)},
)
def get_picture(request: Request, admin: Admin, version: Number, name: PictureName) -> Response:
    """A picture of the version's evaluation. A new version has all of them; one that was made otherwise may not."""
    store: Store = request.app.state.store
    try:
        picture = (store.folder(version) / f"{name}.png").read_bytes()
    except OSError:
        raise PictureNotFound(f"Version {version} has no picture {name}.") from None
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@router.post("/{version}/activate", responses=documented(404, 409, 422, 503))
def activate_version(request: Request, admin: Admin, version: Number) -> VersionDetail:
    """Make it the current one; every worker serves it within a second."""
    state = request.app.state
    before = current_of(state.store)
    action = "roll-back" if before is not None and version < before else "activate"
    try:
        with state.database.begin() as connection:  # the activation and its audit record happen both or not at all
            audit.record(connection, admin, action, str(version), before=before)
            state.store.activate(version)
    except NoVersion as error:
        raise VersionNotFound(f"{error}.") from None
    except DamagedVersion as error:
        raise VersionDamaged(f"{error}.") from None
    except StoreError as error:
        raise WeightsUnwritable(f"{error}.") from None
    state.model.refresh()
    return describe(state.store, version, version)


@router.post(
    "/{version}/shadow",
    status_code=201,
    responses={200: {"model": Shadow, "description": "It was in the shadow before"}, **documented(404, 409, 422, 503)},
)
def begin_shadow(
    request: Request, response: Response, admin: Admin, version: Number, share: ShareAsked = 0.05
) -> Shadow:
    """Let it judge a share of the live pictures besides the version in use, to see how far they agree.

    Answers do not change, and do not wait for it. It takes the place of another version in the shadow.
    """
    state = request.app.state
    in_use = state.predictor.classifier()
    if version == in_use.version:
        raise VersionInUse(f"Version {version} is in use.")
    state.predictor.retained.get(str(version))
    row, has_begun = shadow_records.begin(state.database, admin, version, share)
    response.status_code = 201 if has_begun else 200
    return shadow_of(row)


@router.get("/{version}/shadow", responses=documented(404, 422, 503))
def get_shadow(request: Request, admin: Admin, version: Number) -> Shadow:
    """How it has judged live pictures, the latest time that it was in the shadow."""
    return shadow_of(shadow_records.get(request.app.state.database, version))


@router.delete("/{version}/shadow", responses=documented(404, 422, 503))
def end_shadow(request: Request, admin: Admin, version: Number) -> Shadow:
    """End its time in the shadow. The record stays until it begins again."""
    return shadow_of(shadow_records.end(request.app.state.database, version, admin, f"{admin} ended it."))


def shadow_of(row: RowMapping) -> Shadow:
    """The record as the schema shows it."""
    return Shadow(
        **row,
        active=row["ended_at"] is None,
        agreement=row["agreed"] / row["judged"] if row["judged"] else None,
        differences=f"/samples/review?shadow={row['version']}",
    )


def describe(store: Store, version: int, current: int | None) -> VersionDetail:
    """The version as the schema shows it. For a damaged version, `problem` says what is wrong."""
    manifest, problem = None, None
    try:
        manifest = store.verify(version)
    except StoreError as error:
        problem = str(error)
    known = manifest or {}
    return VersionDetail(
        version=version,
        current=version == current,
        intact=manifest is not None,
        parent=known.get("parent"),
        created_at=known.get("created_at"),
        metrics=known.get("metrics", {}),
        problem=problem,
        manifest=manifest,
    )
