"""Bearer keys: who may ask for predictions, who may administer."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.errors import AdminDisabled, KeyRequired
from app.settings import Keys

admin_bearer = HTTPBearer(scheme_name="AdminKey", auto_error=False, description="A key from NUMERAL_ADMIN_KEYS")
predict_bearer = HTTPBearer(
    scheme_name="PredictKey", auto_error=False, description="A key from NUMERAL_PREDICT_KEYS, where any is set"
)


def name_of_key(authorization: str | None, keys: Keys) -> str | None:
    """The name of the key in an `Authorization: Bearer <key>` header, None when it is not one of `keys`.

    Every key is compared, each in constant time, so that time tells nothing of which one came close.
    """
    scheme, _, given = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    found = None
    for name, key in keys:
        if hmac.compare_digest(given.strip().encode(), key.get_secret_value().encode()):
            found = name
    return found


def require_admin(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(admin_bearer)]
) -> str:
    """The name of the admin key used. Raises AdminDisabled (403) without any configured, KeyRequired (401)."""
    keys = request.app.state.settings.admin_keys
    if not keys:
        raise AdminDisabled("Set NUMERAL_ADMIN_KEYS and start the service again.")
    name = name_of_key(request.headers.get("Authorization"), keys)
    if name is None:
        raise KeyRequired("This route needs an admin key.")
    return name


Admin = Annotated[str, Depends(require_admin)]
