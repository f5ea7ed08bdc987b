"""The parts of a multipart/form-data body that is already in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import BadRequest

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 1100  # above the largest batch allowed; a bound on memory, not a limit to design for


@dataclass
class Part:
    """One field: `filename` is None for a plain value."""

    name: str = ""
    filename: str | None = None
    data: bytearray = field(default_factory=bytearray)

    @property
    def is_file(self) -> bool:
        """Whether the client sent it as a file."""
        return self.filename is not None


class PartCollector:
    """Callbacks of python-multipart that gather `parts`; `complete` once the closing boundary was seen."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._field = b""
        self._value = b""

    def on_part_begin(self) -> None:
        """Start a part."""
        if len(self.parts) == MAX_PARTS:
            raise BadRequest(f"The form has more than {MAX_PARTS} parts.")
        self.parts.append(Part())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """Gather a header's name."""
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """Gather a header's value."""
        self._value += data[start:end]

    def on_header_end(self) -> None:
        """Take the field's name and file name from Content-Disposition; other headers are not trusted."""
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self.parts[-1].name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self.parts[-1].filename = options[b"filename"].decode("utf-8", "replace")
        self._field = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Gather a part's content."""
        self.parts[-1].data += data[start:end]

    def on_end(self) -> None:
        """Note the closing boundary."""
        self.complete = True


def parse_form(body: bytes, content_type: str) -> list[Part]:
    """The parts of the form in their order. Raises BadRequest when it is malformed or cut."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise BadRequest("The Content-Type names no multipart boundary.")
    collector = PartCollector()
    callbacks: MultipartCallbacks = {
        "on_part_begin": collector.on_part_begin,
        "on_header_field": collector.on_header_field,
        "on_header_value": collector.on_header_value,
        "on_header_end": collector.on_header_end,
        "on_part_data": collector.on_part_data,
        "on_end": collector.on_end,
    }
    try:
        parser = MultipartParser(boundary, callbacks)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"The multipart form is malformed: {error}.") from None
    if not collector.complete:
        raise BadRequest("The multipart form is cut: its closing boundary is missing.")
    return collector.parts
