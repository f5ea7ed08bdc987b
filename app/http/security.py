"""Bearer keys: predict keys for predictions, teach keys for corrections, admin keys for everything."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.http.errors import AdminDisabled, InsufficientScope, KeyRequired, TooManyAttempts
from app.http.key_file import KeyScope
from app.http.keys import KeyRing
from app.http.wrong_keys import WrongKeys

ADMIN_KEY = "A key from NUMERAL_ADMIN_KEYS, or an admin key of NUMERAL_KEYS_FILE"
TEACH_KEY = "A key from NUMERAL_TEACH_KEYS, or a teach key of NUMERAL_KEYS_FILE; an admin key does, too"
PREDICT_KEY = "A key from NUMERAL_PREDICT_KEYS or NUMERAL_KEYS_FILE, of any scope, where predictions need one"
admin_bearer = HTTPBearer(scheme_name="AdminKey", auto_error=False, description=ADMIN_KEY)
teach_bearer = HTTPBearer(scheme_name="TeachKey", auto_error=False, description=TEACH_KEY)
predict_bearer = HTTPBearer(scheme_name="PredictKey", auto_error=False, description=PREDICT_KEY)
Credentials = HTTPAuthorizationCredentials | None  # FastAPI documents them; `KeyCheck` reads the header itself

NEEDED = {
    KeyScope.ADMIN: "an admin key",
    KeyScope.TEACH: "a teach key or an admin key",
    KeyScope.PREDICT: "a predict key",
}


class KeyCheck:
    """Checks that a request has a key of a scope, and counts wrong keys by the client's address."""

    def __init__(self, ring: KeyRing, scope: KeyScope) -> None:
        self.ring = ring
        self.scope = scope
        self._wrong = WrongKeys(scope.name.lower())

    def name_of(self, authorization: str | None, client: Sequence[str | int] | None) -> str:
        """The name of the key in an `Authorization: Bearer <key>` header. client: (address, port).

        Raises KeyRequired (401), InsufficientScope (403) for a key of a lesser scope, or TooManyAttempts (429) after
        many wrong keys. Neither a missing key nor one of a lesser scope counts as wrong.
        """
        given = bearer_key(authorization)
        if not given:
            raise KeyRequired(f"This needs {NEEDED[self.scope]}.")
        key = self.ring.find(given)
        if key is not None:
            if key.scope < self.scope:
                raise InsufficientScope(
                    f"The key {key.name} is a {key.scope.name.lower()} key; this needs {NEEDED[self.scope]}."
                )
            return key.name
        if seconds := self._wrong.note(str(client[0]) if client else ""):
            raise TooManyAttempts(ceil(seconds))
        raise KeyRequired(f"The key is none of this service's {self.scope.name.lower()} keys.")

    def admit(self, request: Request) -> str:
        """The name of the request's key. Raises as `name_of` does, and AdminDisabled (403) when none has the scope."""
        if not self.ring.has(self.scope):
            teach = "NUMERAL_TEACH_KEYS or " if self.scope is KeyScope.TEACH else ""
            raise AdminDisabled(f"Set {teach}NUMERAL_ADMIN_KEYS and start the service again.")
        return self.name_of(request.headers.get("Authorization"), request.client)


def bearer_key(authorization: str | None) -> str:
    """The key in the header; an empty string when there is none, or the scheme is not Bearer."""
    scheme, _, given = (authorization or "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def require_admin(request: Request, _documented: Annotated[Credentials, Depends(admin_bearer)]) -> str:
    """The name of the request's admin key. Raises as `KeyCheck.admit` does."""
    check: KeyCheck = request.app.state.admin_check
    return check.admit(request)


def require_teacher(
    request: Request,
    _admin: Annotated[Credentials, Depends(admin_bearer)],
    _teacher: Annotated[Credentials, Depends(teach_bearer)],
) -> str:
    """The name of the request's teach or admin key. Raises as `KeyCheck.admit` does."""
    check: KeyCheck = request.app.state.teach_check
    return check.admit(request)


Admin = Annotated[str, Depends(require_admin)]
Teacher = Annotated[str, Depends(require_teacher)]


def require_predict(request: Request, _documented: Annotated[Credentials, Depends(predict_bearer)]) -> None:
    """Raise as `KeyCheck.name_of` does where predictions need a key and the request has none."""
    check: KeyCheck = request.app.state.predict_check
    if not check.ring.predict_is_open:
        check.name_of(request.headers.get("Authorization"), request.client)


Predicting = Annotated[None, Depends(require_predict)]
