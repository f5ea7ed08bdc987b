"""Amazon SageMaker's contract for containers: `GET /ping`, `POST /invocations`, on SAGEMAKER_BIND_TO_PORT.

On where that variable is set, or with NUMERAL_PROTOCOLS=sagemaker. The container's command is `serve`.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.types import Message, Receive, Scope, Send

from app.http.body import body_limit
from app.http.encodings import ContentReader
from app.http.security import predict_bearer
from app.inference.predictor import Predictor
from app.routes.direct import Endpoint, check_is_post
from app.routes.health import readyz
from app.routes.predict import predict, predict_batch
from app.routes.protocols.instances import predict_instances
from app.schemas.bodies import one_image
from app.schemas.examples import IMAGE, IMAGES
from app.schemas.health import Health
from app.schemas.instances import InstancesRequest, Predictions
from app.schemas.openapi import reference
from app.schemas.predict import Batch, ImageRequest, Prediction
from app.schemas.problems import documented

PATH = "/invocations"
HEAD_BYTES = 64  # of a body, among which `"instances"` must be

router = APIRouter(tags=["sagemaker"])
router.get("/ping", name="sagemaker_ping", responses={503: {"model": Health}})(readyz)


async def invoke(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one image as `/predict` does, a JSON list as `/predict/batch`, `{"instances": […]}` as its protocol."""
    check_is_post(scope)
    settings = predictor.settings
    body = await content.read(scope, receive, body_limit(settings, settings.max_batch))
    start = body[:HEAD_BYTES].lstrip()
    answer: Endpoint = predict
    if start.startswith(b"["):
        answer = predict_batch
    elif start.startswith(b"{") and b'"instances"' in start:
        answer = predict_instances

    async def receive_again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    unpacked = [(name, value) for name, value in scope["headers"] if name != b"content-encoding"]
    await answer(predictor, content, {**scope, "headers": unpacked}, receive_again, send)


BODY = one_image(IMAGES, IMAGE)
BODY["requestBody"]["content"]["application/json"]["schema"] = {
    "anyOf": [reference(ImageRequest), {"type": "array", "minItems": 1}, reference(InstancesRequest)]
}

ENDPOINTS: dict[str, Endpoint] = {PATH: invoke}


@router.post(
    PATH,
    name="sagemaker_invoke",
    dependencies=[Depends(predict_bearer)],
    response_model=Prediction | Batch | Predictions,
    responses=documented(400, 401, 404, 408, 409, 413, 415, 422, 503),
    openapi_extra=BODY,
    summary="Predict",
)
def document_invoke() -> None:
    """One image in any form that `/predict` takes. A JSON list is answered as `/predict/batch` answers it.

    `{"instances": […]}` is answered with `{"predictions": […]}`, as Vertex AI and KServe write it.
    """
