"""The protocols that a deployment asks for, by a setting or by the variables that its cloud sets."""

from __future__ import annotations

from fastapi import APIRouter

from app.routes.direct import Endpoint
from app.routes.protocols import inference, kserve_v1, metadata, sagemaker, vertex
from app.settings import Settings


def routers(settings: Settings) -> list[APIRouter]:
    """The routers of the protocols: V2 always, others where they are on."""
    found = [inference.router, metadata.router]
    if "kserve-v1" in settings.protocols:
        found.append(kserve_v1.router)
    if is_on_sagemaker(settings):
        found.append(sagemaker.router)
    if settings.aip_predict_route:
        found.append(vertex.router(settings.aip_health_route, settings.aip_predict_route))
    return found


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Their direct routes."""
    found = dict(inference.ENDPOINTS)
    if "kserve-v1" in settings.protocols:
        found |= kserve_v1.ENDPOINTS
    if is_on_sagemaker(settings):
        found |= sagemaker.ENDPOINTS
    if settings.aip_predict_route:
        found |= vertex.endpoints(settings.aip_predict_route)
    return found


def is_on_sagemaker(settings: Settings) -> bool:
    """Whether SageMaker's routes are on."""
    return settings.sagemaker_bind_to_port is not None or "sagemaker" in settings.protocols
