"""A client of a running service, for Python: `Client`, `AsyncClient`, and what they answer. It needs httpx alone."""

from app.client.answers import (
    Event,
    Job,
    KeptPicture,
    Number,
    Page,
    Prediction,
    ReadDigit,
    Sample,
    TaughtNumber,
    Version,
)
from app.client.asynchronous import AsyncClient
from app.client.errors import NumeralError
from app.client.synchronous import Client

__all__ = [
    "AsyncClient",
    "Client",
    "Event",
    "Job",
    "KeptPicture",
    "Number",
    "NumeralError",
    "Page",
    "Prediction",
    "ReadDigit",
    "Sample",
    "TaughtNumber",
    "Version",
]
