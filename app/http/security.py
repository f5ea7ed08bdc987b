"""Bearer keys: predict keys for predictions, admin keys for samples and administration."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from math import ceil
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.http.errors import AdminDisabled, KeyRequired, TooManyAttempts
from app.http.wrong_keys import WrongKeys
from app.settings import Keys

admin_bearer = HTTPBearer(scheme_name="AdminKey", auto_error=False, description="A key from NUMERAL_ADMIN_KEYS")
predict_bearer = HTTPBearer(
    scheme_name="PredictKey", auto_error=False, description="A key from NUMERAL_PREDICT_KEYS, where any is set"
)

ARTICLES = {"admin": "an admin", "predict": "a predict"}


class KeyCheck:
    """Checks that a request has one of the keys, and counts wrong keys by the client's address.

    kind: "admin" or "predict".
    """

    def __init__(self, keys: Keys, kind: str) -> None:
        self.keys = keys
        self.kind = kind
        self._wrong = WrongKeys(kind)

    def name_of(self, authorization: str | None, client: Sequence[str | int] | None) -> str:
        """The name of the key in an `Authorization: Bearer <key>` header. client: (address, port).

        Raises KeyRequired (401), or TooManyAttempts (429) after many wrong keys. A missing key does not count as wrong.
        """
        given = bearer_key(authorization)
        if not given:
            raise KeyRequired(f"This needs {ARTICLES[self.kind]} key.")
        name = name_of_key(given, self.keys)
        if name is not None:
            return name
        if seconds := self._wrong.note(str(client[0]) if client else ""):
            raise TooManyAttempts(ceil(seconds))
        raise KeyRequired(f"The key is none of this service's {self.kind} keys.")


def bearer_key(authorization: str | None) -> str:
    """The key in the header; an empty string when there is none, or the scheme is not Bearer."""
    scheme, _, given = (authorization or "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def name_of_key(given: str, keys: Keys) -> str | None:
    """The name of the given key; None when it is not one of `keys`.

    Every key is compared, each in constant time, so that the time taken does not reveal which key is similar.
    """
    sent = given.encode("latin-1", "replace")  # the bytes of the header, in which clients send UTF-8
    found = None
    for name, key in keys:
        if hmac.compare_digest(sent, key.get_secret_value().encode()):
            found = name
    return found


def require_admin(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(admin_bearer)]
) -> str:
    """The name of the request's admin key.

    Raises AdminDisabled (403) when no admin key is configured, KeyRequired (401), TooManyAttempts (429).
    """
    check: KeyCheck = request.app.state.admin_check
    if not check.keys:
        raise AdminDisabled("Set NUMERAL_ADMIN_KEYS and start the service again.")
    return check.name_of(request.headers.get("Authorization"), request.client)


Admin = Annotated[str, Depends(require_admin)]
