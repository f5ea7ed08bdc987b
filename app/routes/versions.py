"""`/admin/versions`: list, read, activate (promote by hand or roll back)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.database import audit
from app.http.errors import Problem
from app.http.security import Admin
from app.inference.active_model import current_of
from app.inference.retained_versions import VersionDamaged, VersionNotFound
from app.schemas.problems import documented
from app.schemas.versions import Version, VersionDetail, VersionList
from model.errors import DamagedVersion, NoVersion, StoreError
from model.registry.store import Store

router = APIRouter(prefix="/admin/versions", tags=["admin"], responses=documented(401, 403))
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


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
    return describe(store, version, current_of(store))


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
