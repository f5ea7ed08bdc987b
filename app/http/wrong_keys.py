"""Count wrong keys by client address, and compute how long that address must wait (exponential back-off).

This makes guessing visible in the log; it does not prevent it. A right key is accepted at once, even from an address
that must wait, so the protection against guessing is a long key. Each worker process counts on its own.

Behind a proxy every client has the proxy's address, unless uvicorn trusts the proxy's X-Forwarded-For:
FORWARDED_ALLOW_IPS lists the trusted proxies (127.0.0.1 by default).
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

FREE_TRIES = 10  # wrong keys without a consequence: a user may be looking for the right one
MAX_WAIT = 60.0  # seconds; the wait begins with 1 s, and each wrong key doubles it
FORGET_SECONDS = 60.0  # after which one wrong key is forgotten
MAX_LEVEL = FREE_TRIES + 7.0  # gives 2^6 s, above MAX_WAIT; a higher level would only take longer to forget
MAX_ADDRESSES = 4096  # remembered; above that the one that was silent longest is forgotten
SAME_NETWORK = 64  # leading bits of an IPv6 address that identify one customer, who can choose the rest


@dataclass(slots=True)
class Record:
    """The counts of one address. Times are those of the monotonic clock, in seconds."""

    last: float  # time of the latest wrong key, or the end of its wait; the level decays from then on
    level: float = 0.0  # wrong keys not yet forgotten
    total: int = 0  # all wrong keys
    wait_until: float = 0.0
    next_line: int = 0  # the total at which the next line is logged


class WrongKeys:
    """The wrong keys of one kind, "admin" or "predict". Safe to use from several threads."""

    def __init__(self, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.kind = kind
        self._clock = clock
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._records)

    def note(self, host: str) -> float:
        """Count a wrong key. Returns the seconds that the address must wait, 0 within its free tries.

        Wrong keys during a wait count for the log, but do not make the wait longer. A line is logged for the first
        wrong key that leads to a wait, and for each power of ten.
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
        """The record of the address, with its level decayed to now; a new one when all is forgotten."""
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
    """The key to count an address by: the address itself, or for IPv6 its /64 network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket has no address
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = ipaddress.IPv6Address(int(address) >> SAME_NETWORK << SAME_NETWORK)
    return f"{network}/{SAME_NETWORK}"
