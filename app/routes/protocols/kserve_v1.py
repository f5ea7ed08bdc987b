"""KServe's V1 protocol, which is TensorFlow Serving's too: `POST /v1/models/{model}:predict`.

On with NUMERAL_PROTOCOLS=kserve-v1. Errors of a whole request are `{"error": …}` (`app/http/errors.py`).
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.types import Receive, Scope, Send

from app.http.encodings import ContentReader
from app.http.security import Predicting, predict_bearer
from app.inference.predictor import Predictor
from app.inference.served_models import MODELS, model_named
from app.routes.direct import Endpoint
from app.routes.protocols.inference import ModelOfPath
from app.routes.protocols.instances import EXAMPLES, PAGES, instances_body, predict_instances, read_instances
from app.routes.protocols.metadata import Model, check_ready
from app.schemas.bodies import UNLOCKED
from app.schemas.inference import ModelReady
from app.schemas.instances import ModelNames, NumbersPredictions, Predictions
from app.schemas.problems import plainly_documented

PATH = "/v1/models/{model}:predict"
NUMBERS = "numbers-image"


class ModelName(StringConvertor):
    """Path convertor for a model's name: without a colon, after which V1 has a verb."""

    regex = "[^/:]+"


register_url_convertor("v1_model", ModelName())
router = APIRouter(prefix="/v1", tags=["v1"], responses=plainly_documented(401, 404))


async def predict(predictor: Predictor, content: ContentReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer instances by the model that the path names. Raises Problem."""
    model = model_named(scope["path_params"]["model"])
    answer = read_instances if model.name == NUMBERS else predict_instances
    await answer(predictor, content, scope, receive, send)


ENDPOINTS: dict[str, Endpoint] = {PATH: predict}


@router.get("/models", name="v1_models", openapi_extra=UNLOCKED)
async def models(_: Predicting) -> ModelNames:
    """The names of the models."""
    return ModelNames(models=list(MODELS))


@router.post(
    "/models/{model}:predict",
    name="v1_predict",
    dependencies=[Depends(predict_bearer)],
    response_model=Predictions | NumbersPredictions,
    responses=plainly_documented(400, 401, 404, 408, 413, 415, 422, 503),
    openapi_extra=instances_body(EXAMPLES | {f"pages, for {NUMBERS}": PAGES["b64"]}),
    summary="Predict",
)
def document_predict(model: ModelOfPath) -> None:
    """Several pictures; a prediction or a problem for each, in order, as `/predict/batch` or `/read/batch` answers."""


@router.get("/models/{model:v1_model}", name="v1_model_ready", responses={503: {"model": ModelReady}})
async def model_ready(request: Request, response: Response, model: Model) -> ModelReady:
    """200 if the model exists and its predictions are answered."""
    is_ready = check_ready(request, response)
    return ModelReady(name=model.name, ready=is_ready)
