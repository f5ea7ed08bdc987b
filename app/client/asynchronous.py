"""The client for programs with asyncio. Its methods are those of `Client`, which explains them.

    async with AsyncClient("http://127.0.0.1:8000") as numeral:
        print((await numeral.predict("7.png")).digit)

Every method raises NumeralError, and ValueError, TypeError or OSError for what can't be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import count
from typing import Any, Self, TypeVar

import httpx

from app.client import calls
from app.client.answers import Event, Job, KeptPicture, Page, Prediction, Sample, TaughtNumber, Version
from app.client.calls import Call
from app.client.connection import RETRIES, TIMEOUT, options_of, wait_before_reconnect, wait_before_retry
from app.client.errors import NumeralError, from_response, not_numeral, unreachable
from app.client.events import EventReader
from app.client.pictures import Picture, in_requests

T = TypeVar("T")


class AsyncClient:
    """A client of one service. It keeps connections open until `close`, or the end of an `async with`.

    url: by default NUMERAL_URL; key: by default NUMERAL_KEY, else NUMERAL_ADMIN_KEY; timeout: seconds until an answer
    begins; retries: how often a request is sent again that the service was too busy for, after as long as it says.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout: float = TIMEOUT, retries: int = RETRIES
    ) -> None:
        self.retries = retries
        self._http = httpx.AsyncClient(**options_of(url, key, timeout))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def predict(self, picture: Picture, *, seen: bool = False) -> Prediction:
        """Read the digit in a picture: bytes, a path, an open file, Pillow's image, or 28×28 or 32×32 pixels.

        seen: also answer with the picture that the model was given, and the digit's box.
        """
        return await self._send(calls.predict(picture, seen))

    async def predict_batch(
        self, pictures: Iterable[Picture], *, seen: bool = False
    ) -> list[Prediction | NumeralError]:
        """Read the digit in each picture; in place of a picture that can't be read stands its error. Any number."""
        return [item for part in in_requests(pictures) for item in await self._send(calls.predict_batch(part, seen))]

    async def read(self, picture: Picture, *, digits: int | None = None, seen: bool = False) -> Page:
        """Read the numbers on a page. digits: how many each number has, where that is known."""
        return await self._send(calls.read(picture, digits, seen))

    async def read_batch(
        self, pictures: Iterable[Picture], *, digits: int | None = None, seen: bool = False
    ) -> list[Page | NumeralError]:
        """Read the numbers on each page, as `predict_batch` reads digits."""
        return [
            item for part in in_requests(pictures) for item in await self._send(calls.read_batch(part, digits, seen))
        ]

    async def teach(self, picture: Picture, label: int) -> Sample:
        """Store a picture with the digit, 0–9, that it shows; another label for the same picture corrects it."""
        return await self._send(calls.teach(picture, label))

    async def teach_number(self, picture: Picture, text: str) -> TaughtNumber:
        """Store each digit of a picture of numbers. text: all its digits in reading order."""
        return await self._send(calls.teach_number(picture, text))

    async def correct(self, request_id: str, label: int, *, item: int | None = None) -> Sample:
        """Store the picture of an earlier answer with the digit that it shows, where the service kept it.

        item: of a batch, the picture's place, from 0.
        """
        return await self._send(calls.correct(request_id, label, item))

    async def correct_number(self, request_id: str, text: str, *, item: int | None = None) -> TaughtNumber:
        """The same for a picture of numbers. text: all its digits in reading order."""
        return await self._send(calls.correct_number(request_id, text, item))

    async def review(self, *, limit: int = 50, shadow: int | None = None) -> list[KeptPicture]:
        """The kept pictures on which a person's look is most useful, the most useful first.

        shadow: only those that this version, in the shadow, reads differently.
        """
        return await self._send(calls.review(limit, shadow))

    async def retrain(self, **options: Any) -> Job:
        """Start a retraining. options: epochs, learning_rate, seed, patience, promote, and from_ for `from`."""
        return await self._send(calls.retrain(options))

    async def job(self, job_id: str) -> Job:
        """A retraining as it stands."""
        return await self._send(calls.job(job_id))

    async def cancel(self, job_id: str) -> Job:
        """Ask a retraining to stop."""
        return await self._send(calls.cancel(job_id))

    async def follow(self, job_id: str) -> AsyncIterator[Event]:
        """Yield the events of a retraining from the first until it ends, also across a restart of the service."""
        reader, failures = EventReader(), 0
        while True:
            try:
                async for event in self._events(job_id, reader):
                    failures = 0
                    yield event
                if (await self.job(job_id)).is_finished:
                    return
            except NumeralError as error:
                failures += 1
                wait = wait_before_reconnect(error, failures)
                if wait is None:
                    raise
                await asyncio.sleep(wait)

    async def wait(self, job_id: str, on_event: Callable[[Event], None] = lambda event: None) -> Job:
        """Wait until a retraining ends; return it as it ended. on_event: called with each of its events."""
        async for event in self.follow(job_id):
            on_event(event)
        return await self.job(job_id)

    async def versions(self) -> list[Version]:
        """The versions of the weights, newest first."""
        return await self._send(calls.versions())

    async def activate(self, version: int) -> Version:
        """Make a version the one that answers."""
        return await self._send(calls.activate(version))

    async def _send(self, call: Call[T]) -> T:
        for tries in count(1):
            try:
                return call.answer(await self._request(call))
            except NumeralError as error:
                wait = wait_before_retry(error, tries, self.retries)
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError  # not reached: `count` does not end

    async def _request(self, call: Call[T]) -> httpx.Response:
        try:
            return await self._http.request(call.method, call.path, **call.options)
        except httpx.RequestError as error:
            raise unreachable(error, self._http.base_url) from error

    async def _events(self, job_id: str, reader: EventReader) -> AsyncIterator[Event]:
        """The events after the reader's last, until the stream ends."""
        reader.reset()
        try:
            async with self._http.stream(**calls.events(job_id, reader.last_id)) as response:
                if not response.is_success:
                    await response.aread()
                    raise from_response(response)
                async for line in response.aiter_lines():
                    if event := reader.feed(line):
                        yield event
        except httpx.RequestError as error:
            raise unreachable(error, self._http.base_url) from error
        except (ValueError, KeyError):
            raise not_numeral(response) from None
