"""The client for programs without asyncio.

    with Client("http://127.0.0.1:8000") as numeral:
        print(numeral.predict("7.png").digit)

Every method raises NumeralError, and ValueError, TypeError or OSError for what can't be sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
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


class Client:
    """A client of one service. It keeps connections open until `close`, or the end of a `with`.

    url: by default NUMERAL_URL; key: by default NUMERAL_KEY, else NUMERAL_ADMIN_KEY; timeout: seconds until an answer
    begins; retries: how often a request is sent again that the service was too busy for, after as long as it says.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, timeout: float = TIMEOUT, retries: int = RETRIES
    ) -> None:
        self.retries = retries
        self._http = httpx.Client(**options_of(url, key, timeout))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, picture: Picture, *, seen: bool = False) -> Prediction:
        """Read the digit in a picture: bytes, a path, an open file, Pillow's image, or 28×28 or 32×32 pixels.

        seen: also answer with the picture that the model was given, and the digit's box.
        """
        return self._send(calls.predict(picture, seen))

    def predict_batch(self, pictures: Iterable[Picture], *, seen: bool = False) -> list[Prediction | NumeralError]:
        """Read the digit in each picture; in place of a picture that can't be read stands its error. Any number."""
        return [item for part in in_requests(pictures) for item in self._send(calls.predict_batch(part, seen))]

    def read(self, picture: Picture, *, digits: int | None = None, seen: bool = False) -> Page:
        """Read the numbers on a page. digits: how many each number has, where that is known."""
        return self._send(calls.read(picture, digits, seen))

    def read_batch(
        self, pictures: Iterable[Picture], *, digits: int | None = None, seen: bool = False
    ) -> list[Page | NumeralError]:
        """Read the numbers on each page, as `predict_batch` reads digits."""
        return [item for part in in_requests(pictures) for item in self._send(calls.read_batch(part, digits, seen))]

    def teach(self, picture: Picture, label: int) -> Sample:
        """Store a picture with the digit, 0–9, that it shows; another label for the same picture corrects it."""
        return self._send(calls.teach(picture, label))

    def teach_number(self, picture: Picture, text: str) -> TaughtNumber:
        """Store each digit of a picture of numbers. text: all its digits in reading order."""
        return self._send(calls.teach_number(picture, text))

    def correct(self, request_id: str, label: int, *, item: int | None = None) -> Sample:
        """Store the picture of an earlier answer with the digit that it shows, where the service kept it.

        item: of a batch, the picture's place, from 0.
        """
        return self._send(calls.correct(request_id, label, item))

    def correct_number(self, request_id: str, text: str, *, item: int | None = None) -> TaughtNumber:
        """The same for a picture of numbers. text: all its digits in reading order."""
        return self._send(calls.correct_number(request_id, text, item))

    def review(self, *, limit: int = 50, shadow: int | None = None) -> list[KeptPicture]:
        """The kept pictures on which a person's look is most useful, the most useful first.

        shadow: only those that this version, in the shadow, reads differently.
        """
        return self._send(calls.review(limit, shadow))

    def retrain(self, **options: Any) -> Job:
        """Start a retraining. options: epochs, learning_rate, seed, patience, promote, and from_ for `from`."""
        return self._send(calls.retrain(options))

    def job(self, job_id: str) -> Job:
        """A retraining as it stands."""
        return self._send(calls.job(job_id))

    def cancel(self, job_id: str) -> Job:
        """Ask a retraining to stop."""
        return self._send(calls.cancel(job_id))

    def follow(self, job_id: str) -> Iterator[Event]:
        """Yield the events of a retraining from the first until it ends, also across a restart of the service."""
        reader, failures = EventReader(), 0
        while True:
            try:
                for event in self._events(job_id, reader):
                    failures = 0
                    yield event
                if self.job(job_id).is_finished:
                    return
            except NumeralError as error:
                failures += 1
                wait = wait_before_reconnect(error, failures)
                if wait is None:
                    raise
                time.sleep(wait)

    def wait(self, job_id: str, on_event: Callable[[Event], None] = lambda event: None) -> Job:
        """Wait until a retraining ends; return it as it ended. on_event: called with each of its events."""
        for event in self.follow(job_id):
            on_event(event)
        return self.job(job_id)

    def versions(self) -> list[Version]:
        """The versions of the weights, newest first."""
        return self._send(calls.versions())

    def activate(self, version: int) -> Version:
        """Make a version the one that answers."""
        return self._send(calls.activate(version))

    def _send(self, call: Call[T]) -> T:
        for tries in count(1):
            try:
                return call.answer(self._request(call))
            except NumeralError as error:
                wait = wait_before_retry(error, tries, self.retries)
                if wait is None:
                    raise
                time.sleep(wait)
        raise AssertionError  # not reached: `count` does not end

    def _request(self, call: Call[T]) -> httpx.Response:
        try:
            return self._http.request(call.method, call.path, **call.options)
        except httpx.RequestError as error:
            raise unreachable(error, self._http.base_url) from error

    def _events(self, job_id: str, reader: EventReader) -> Iterator[Event]:
        """The events after the reader's last, until the stream ends."""
        reader.reset()
        try:
            with self._http.stream(**calls.events(job_id, reader.last_id)) as response:
                if not response.is_success:
                    response.read()
                    raise from_response(response)
                for line in response.iter_lines():
                    if event := reader.feed(line):
                        yield event
        except httpx.RequestError as error:
            raise unreachable(error, self._http.base_url) from error
        except (ValueError, KeyError):
            raise not_numeral(response) from None
