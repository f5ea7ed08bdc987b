"""`/admin/audit`: who did what, and when."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app.database import audit
from app.http.security import Admin
from app.routes.paging import Paging, next_cursor
from app.schemas.problems import documented
from app.schemas.versions import AuditList, AuditRecord

router = APIRouter(prefix="/admin/audit", tags=["admin"], responses=documented(401, 403, 503))


@router.get("", responses=documented(422))
def list_audit(request: Request, admin: Admin, page: Paging) -> AuditList:
    """Records, newest first."""
    with request.app.state.database.read() as connection:
        rows, total = audit.page(connection, page.cursor, page.limit)
    items = [AuditRecord(**row) for row in rows]
    return AuditList(items=items, total=total, next=next_cursor(rows, page.limit, "id"))
