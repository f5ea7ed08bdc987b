"""The addresses of the Open Inference Protocol V2 that say what is here: health, metadata, versions.

Health is open to everybody; the rest needs a predict key where predictions need one.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.http.security import Predicting
from app.inference.predictor import Predictor
from app.inference.served_models import MODELS, ServedModel, TensorKind, model_named
from app.routes.health import NUMERAL_VERSION, status_of
from app.routes.protocols.inference import ModelOfPath, VersionOfPath
from app.schemas.bodies import UNLOCKED
from app.schemas.inference import (
    ConfigTensor,
    IndexedModel,
    ModelConfig,
    ModelMetadata,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
    TensorMetadata,
)
from app.schemas.problems import plainly_documented
from model.registry.store import Store

EXTENSIONS = ["binary_tensor_data", "classification", "model_configuration"]
PLATFORM = "onnxruntime_onnx"
CONFIG_TYPES = {"BYTES": "STRING"}  # where Triton's configuration has another name for the datatype

router = APIRouter(prefix="/v2", tags=["v2"], responses=plainly_documented(401, 404, 409))


def model_of(model: ModelOfPath) -> ServedModel:
    """The model that a path names. Raises ModelNotFound."""
    return model_named(model)


Model = Annotated[ServedModel, Depends(model_of)]


async def check_version(request: Request, version: str) -> None:
    """Load a version, if it is not loaded. Raises VersionNotFound, VersionDamaged."""
    predictor: Predictor = request.app.state.predictor
    await predictor.version(version)


@router.get("/health/live", name="v2_live", summary="Is the process up?")
async def live() -> ServerLive:
    """200 as long as the process answers at all."""
    return ServerLive()


@router.get(
    "/health/ready", name="v2_ready", summary="Are inferences answered?", responses={503: {"model": ServerReady}}
)
async def ready(request: Request, response: Response) -> ServerReady:
    """200 as `/readyz`."""
    is_ready = check_ready(request, response)
    return ServerReady(ready=is_ready)


@router.get("/models/{model}/ready", name="v2_model_ready", responses={503: {"model": ModelReady}})
async def model_ready(request: Request, response: Response, model: Model) -> ModelReady:
    """200 if the model exists and its inferences are answered, since all models are of the version in use."""
    is_ready = check_ready(request, response)
    return ModelReady(name=model.name, ready=is_ready)


def check_ready(request: Request, response: Response) -> bool:
    """Whether predictions are answered; sets the response's status to 503 if not, and that it may not be kept."""
    response.headers["Cache-Control"] = "no-store"  # true for this moment only
    is_ready = status_of(request.app.state) == "ok"
    if not is_ready:
        response.status_code = 503
    return is_ready


@router.get("", name="v2_server", summary="The server and its extensions", openapi_extra=UNLOCKED)
async def server(_: Predicting) -> ServerMetadata:
    """Numeral's version, and the extensions of the protocol that it has."""
    return ServerMetadata(name="numeral", version=NUMERAL_VERSION, extensions=EXTENSIONS)


@router.get("/models/{model}", name="v2_model", openapi_extra=UNLOCKED)
def metadata(request: Request, model: Model, _: Predicting) -> ModelMetadata:
    """What the model takes and answers, and the versions that can be named."""
    return described(request, model)


@router.get("/models/{model}/versions/{version}", name="v2_version", openapi_extra=UNLOCKED)
async def version_metadata(request: Request, model: Model, version: VersionOfPath, _: Predicting) -> ModelMetadata:
    """The same, if there is this version."""
    await check_version(request, version)
    return described(request, model)


@router.get("/models/{model}/versions/{version}/ready", name="v2_version_ready", openapi_extra=UNLOCKED)
async def version_ready(request: Request, model: Model, version: VersionOfPath, _: Predicting) -> ModelReady:
    """200 once the version is loaded."""
    await check_version(request, version)
    return ModelReady(name=model.name, ready=True)


@router.get("/models/{model}/config", name="v2_config", openapi_extra=UNLOCKED)
async def config(request: Request, model: Model, _: Predicting) -> ModelConfig:
    """The model's configuration in Triton's form, as far as clients use it."""
    return configuration(request, model)


@router.get("/models/{model}/versions/{version}/config", name="v2_version_config", openapi_extra=UNLOCKED)
async def version_config(request: Request, model: Model, version: VersionOfPath, _: Predicting) -> ModelConfig:
    """The same, if there is this version."""
    await check_version(request, version)
    return configuration(request, model)


def configuration(request: Request, model: ServedModel) -> ModelConfig:
    """The model's configuration."""
    return ModelConfig(
        name=model.name,
        platform=PLATFORM,
        backend="onnxruntime",
        max_batch_size=request.app.state.settings.max_batch,
        input=[configured(model.input)],
        output=[configured(kind) for kind in model.outputs],
    )


@router.post("/repository/index", name="v2_index", summary="All versions of all models", openapi_extra=UNLOCKED)
def index(request: Request, _: Predicting) -> list[IndexedModel]:
    """Every version can be asked for; it is loaded at the first request."""
    versions = versions_of(request)
    return [IndexedModel(name=model, version=version, state="READY") for model in MODELS for version in versions]


def described(request: Request, model: ServedModel) -> ModelMetadata:
    """The model's metadata."""
    return ModelMetadata(
        name=model.name,
        versions=versions_of(request),
        platform=PLATFORM,
        inputs=[tensor(model.input)],
        outputs=[tensor(kind) for kind in model.outputs],
    )


def versions_of(request: Request) -> list[str]:
    """The numbers of the versions in the store, or of the one in use where the store is empty."""
    store: Store = request.app.state.store
    in_use = request.app.state.model.classifier
    return [str(number) for number in store.versions() or ([in_use.version] if in_use else [])]


def tensor(kind: TensorKind) -> TensorMetadata:
    """The tensor as metadata say it."""
    return TensorMetadata(name=kind.name, datatype=kind.datatype, shape=list(kind.shape))


def configured(kind: TensorKind) -> ConfigTensor:
    """The tensor in the form of a configuration: without the dimension of the batch; a lone number has [1]."""
    name = CONFIG_TYPES.get(kind.datatype, kind.datatype)
    return ConfigTensor(name=kind.name, data_type=f"TYPE_{name}", dims=list(kind.shape[1:]) or [1])
