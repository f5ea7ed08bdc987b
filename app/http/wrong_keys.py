"""Wrong keys, counted by the address they come from, and how long that address is asked to wait.

Whoever guesses is noticed, not stopped: a right key passes at once, also from an address that has to wait, so what
keeps guessers out is a key long enough. Each worker process counts for itself.

Behind a proxy every client has the proxy's address, unless uvicorn is told to believe the proxy's X-Forwarded-For:
FORWARDED_ALLOW_IPS lists the proxies to believe (127.0.0.1 where it is not set).
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger("numeral.keys")

FREE_TRIES = 10  # wrong keys that have no consequence: somebody is looking for the right one
MAX_WAIT = 60.0  # seconds; from one on each wrong key doubles them
FORGET_SECONDS = 60.0  # after which one wrong key is forgotten
MAX_LEVEL = FREE_TRIES + 7.0  # 2^6 seconds are the longest wait: what is above would only take longer to forget
MAX_ADDRESSES = 4096  # remembered; beyond them the one that was quiet longest is forgotten
SAME_NETWORK = 64  # bits of an IPv6 address that are the same for one customer, who may choose the others


@dataclass(slots=True)
class Record:
    """One address: wrong keys not yet forgotten, all that were counted, and times of the monotonic clock."""

    last: float  # wrong key, or the end of the wait that it brought: from here on forgetting counts
    level: float = 0.0
    total: int = 0
    wait_until: float = 0.0
    next_line: int = 0  # the total that is worth a line of the log


class WrongKeys:
    """The wrong keys of one kind; may be used by several threads."""

    def __init__(self, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.kind = kind
        self._clock = clock
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._records)

    def note(self, host: str) -> float:
        """Count a wrong key; answers with the seconds that the address has to wait, 0 while it is free to try.

        What comes during a wait is counted for the log, but does not make the wait longer. The log has a line for
        the first that has to wait, and for each power of ten.
        """
        origin, now = origin_of(host), self._clock()
        with self._lock:
            record = self._record(origin, now)
            record.total += 1
            if now >= record.wait_until:
                record.level = min(record.level + 1, MAX_LEVEL)
                over = round(record.level) - FREE_TRIES
                if over > 0:
                    record.wait_until = now + min(2.0 ** (over - 1), MAX_WAIT)
                record.last = max(now, record.wait_until)
            wait = max(0.0, record.wait_until - now)
            if wait and record.total >= record.next_line:
                record.next_line = 10 ** len(str(record.total))
                log.warning("%s: %d wrong %s keys until now", origin, record.total, self.kind)
        return wait

    def _record(self, origin: str, now: float) -> Record:
        """The record of the address, with what is forgotten by now; a new one where all is."""
        record = self._records.setdefault(origin, Record(now))
        self._records.move_to_end(origin)
        if len(self._records) > MAX_ADDRESSES:
            self._records.popitem(last=False)
        if now >= record.wait_until:
            record.level -= (now - record.last) / FORGET_SECONDS
            if record.level <= 0:
                record = self._records[origin] = Record(now)
        return record


def origin_of(host: str) -> str:
    """What stands for everybody who may use the address: itself, or its network for IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a socket of the file system has none
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = ipaddress.IPv6Address(int(address) >> SAME_NETWORK << SAME_NETWORK)
    return f"{network}/{SAME_NETWORK}"
