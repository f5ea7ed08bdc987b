"""Read server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) line by line."""

from __future__ import annotations

import json

from app.client.answers import Event


class EventReader:
    """Puts lines together to events. last_id: of the last event, from which another connection continues."""

    def __init__(self) -> None:
        self.last_id = "0"
        self._fields: dict[str, str] = {}

    def reset(self) -> None:
        """Forget the lines of an event that did not arrive whole."""
        self._fields = {}

    def feed(self, line: str) -> Event | None:
        """The event that ends with this line, None if none does. Raises ValueError or KeyError for a broken one."""
        if line:
            name, _, value = line.partition(":")
            if name:  # else a comment
                self._fields[name] = value.removeprefix(" ")
            return None
        if not self._fields:
            return None
        fields, self._fields = self._fields, {}
        event = Event(fields["id"], fields["event"], json.loads(fields["data"]))
        self.last_id = event.id
        return event
