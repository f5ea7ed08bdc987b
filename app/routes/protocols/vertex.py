"""Vertex AI's contract for containers: AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE name routes, AIP_HTTP_PORT the port."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.http.security import predict_bearer
from app.routes.direct import Endpoint
from app.routes.health import readyz
from app.routes.protocols.instances import EXAMPLES, instances_body, predict_instances
from app.schemas.health import Health
from app.schemas.instances import Predictions
from app.schemas.problems import documented


def endpoints(predict_route: str) -> dict[str, Endpoint]:
    """The direct route for predictions."""
    return {predict_route: predict_instances}


def router(health_route: str | None, predict_route: str) -> APIRouter:
    """The routes for FastAPI: health, and predictions as they are documented."""
    made = APIRouter(tags=["vertex"])
    if health_route:
        made.get(health_route, name="vertex_health", responses={503: {"model": Health}})(readyz)
    made.post(
        predict_route,
        name="vertex_predict",
        dependencies=[Depends(predict_bearer)],
        response_model=Predictions,
        responses=documented(400, 401, 408, 413, 415, 422, 503),
        openapi_extra=instances_body(EXAMPLES),
        summary="Predict",
    )(document_predict)
    return made


def document_predict() -> None:
    """Several pictures; a prediction or a problem for each, in order, as `/predict/batch` answers."""
