"""`POST /v2/models/{model}/infer`: the Open Inference Protocol V2. `direct.py` says how requests come here.

`metadata.py` has the protocol's other addresses. Errors are `{"error": …}` (`app/http/errors.py`).
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.types import Receive, Scope, Send

from app.http.body import body_limit, header
from app.http.compression import compressed
from app.http.encodings import ContentReader
from app.http.queries import check_names
from app.http.security import predict_bearer
from app.inference.model_answers import Asked
from app.inference.output_tensors import encode_response, requested
from app.inference.predictor import Predictor
from app.inference.retained_versions import CANDIDATE
from app.inference.served_models import MODELS, ServedModel, model_named
from app.inference.tensors import BYTES, Values, bytes_of, numbers_of, only_input, parse_request
from app.routes.direct import MAX_LOOP_BYTES, Endpoint, check_is_post, observer
from app.schemas.bodies import UNLOCKED
from app.schemas.examples import INFERENCES
from app.schemas.inference import InferenceRequest, InferenceResponse
from app.schemas.openapi import BINARY, reference, request_body
from app.schemas.problems import plainly_documented

PATH = "/v2/models/{model}/infer"
VERSION_PATH = "/v2/models/{model}/versions/{version}/infer"
HEADER_LENGTH = "Inference-Header-Content-Length"


async def infer(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the tensors of a request. Raises Problem."""
    settings, named = predictor.settings, scope["path_params"]
    check_is_post(scope)
    model = model_named(named["model"])
    check_names(scope["query_string"], ())
    body = await content.read(scope, receive, body_limit(settings, settings.max_batch))
    classifier = await predictor.version(named["version"]) if "version" in named else predictor.classifier()
    header_length = header(scope, HEADER_LENGTH.lower().encode())
    parse = partial(parsed, model=model, header_length=header_length, most=settings.max_batch)
    request, values = parse(body) if len(body) <= MAX_LOOP_BYTES else await predictor.in_thread(parse, body)
    asked = Asked(request.parameters.digits, scope["state"]["request_id"], observer(predictor, scope))
    tensors = model.tensors(await model.answer(predictor, classifier, values, asked))
    wanted = requested(tensors, request.outputs)
    head = {
        "model_name": model.name,
        "model_version": str(classifier.version),
        "id": request.id or scope["state"]["request_id"],
    }
    answer, json_bytes = encode_response(head, wanted, are_binary(request, len(wanted)))
    await send_answer(send, answer, json_bytes, header(scope, b"accept-encoding"))


def parsed(body: bytes, model: ServedModel, header_length: str, most: int) -> tuple[InferenceRequest, Values]:
    """The request in a body, and the elements of its one input. Raises Problem."""
    request, data = parse_request(body, header_length, most)
    given, binary = only_input(request, data, model.input.name)
    model.check(given, most)
    return request, bytes_of(given, binary) if given.datatype == BYTES else numbers_of(given, binary)


def are_binary(request: InferenceRequest, count: int) -> list[bool]:
    """For each of the `count` outputs, whether it is to be sent as binary data."""
    default = request.parameters.binary_data_output
    if not request.outputs:
        return [default] * count
    asked = [output.parameters.binary_data for output in request.outputs]
    return [default if one is None else one for one in asked]


async def send_answer(send: Send, body: bytes, json_bytes: int | None, accept_encoding: str) -> None:
    """Send a 200. json_bytes: length of the JSON before binary data, None without these."""
    body, encoding = compressed(body, accept_encoding)
    kind = "application/json" if json_bytes is None else "application/octet-stream"
    headers = {"content-type": kind, "content-length": str(len(body)), "vary": "Accept-Encoding"}
    if json_bytes is not None:
        headers[HEADER_LENGTH.lower()] = str(json_bytes)
    if encoding:
        headers["content-encoding"] = encoding
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    await send({"type": "http.response.body", "body": body})


ENDPOINTS: dict[str, Endpoint] = {PATH: infer, VERSION_PATH: infer}

BODY: dict[str, Any] = UNLOCKED | request_body(
    {
        "application/json": {"schema": reference(InferenceRequest), "examples": INFERENCES},
        "application/octet-stream": BINARY,
    }
)
ModelOfPath = Annotated[str, Path(json_schema_extra={"enum": [*MODELS]})]
VersionOfPath = Annotated[str, Path(description=f"a number, or `{CANDIDATE}`", examples=["1"])]
INFER = f"""Answers tensors by the Open Inference Protocol V2. The models are

- `digits`: FP32 (0–1) or UINT8 (0–255) of the shape [N, 1, 32, 32], white ink on black, as the network takes them
- `digits-image`: BYTES of the shape [N], picture files; each is read as `/predict` reads it
- `numbers-image`: BYTES of the shape [N], picture files of pages; each is read as `/read` reads it

BYTES in JSON are base64 or data-URIs. With binary data in the body, the header `{HEADER_LENGTH}` is the length of the
JSON before them.
"""

router = APIRouter(
    tags=["v2"],
    dependencies=[Depends(predict_bearer)],
    responses={
        200: {"content": {"application/octet-stream": BINARY}},  # JSON, and binary data after it
        **plainly_documented(400, 401, 404, 408, 409, 413, 415, 422, 503),
    },
)


@router.post(
    PATH,
    name="infer",
    response_model=InferenceResponse,
    openapi_extra=BODY,
    summary="Infer, with the version in use",
    description=INFER,
)
def document_infer(model: ModelOfPath) -> None:
    """Documents the address; `infer` above answers it."""


@router.post(
    VERSION_PATH,
    name="infer_version",
    response_model=InferenceResponse,
    openapi_extra=BODY,
    summary="Infer, with a version by its number, or `candidate`",
    description=INFER,
)
def document_infer_version(model: ModelOfPath, version: VersionOfPath) -> None:
    """Documents the address; `infer` above answers it."""
