"""A TCP proxy that can fall silent: it keeps connections open and acknowledges data, but forwards nothing."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 65_536


class Proxy:
    """Listens on a free `port` and forwards bytes to another one, unless it is `silent`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.passing = threading.Event()
        self.passing.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets: list[socket.socket] = []
        self.lock = threading.Lock()  # of the sockets, and of whether they are closed
        self.is_closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        """Accept connections, with two threads for each."""
        with suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client: socket.socket) -> None:
        """Connect to the target, as soon as the proxy is not silent."""
        self.keep(client)
        self.passing.wait()
        with suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self.target))
            self.keep(server)
            threading.Thread(target=self.copy, args=(server, client), daemon=True).start()
            self.copy(client, server)

    def keep(self, connection: socket.socket) -> None:
        """Remember to close the connection; close it at once if all others are closed by now."""
        with self.lock:
            if self.is_closed:
                connection.close()
            else:
                self.sockets.append(connection)

    def copy(self, source: socket.socket, sink: socket.socket) -> None:
        """Forward bytes until one side closes."""
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self.passing.wait()
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close all connections."""
        with self.lock:
            self.is_closed = True
        self.passing.set()
        for each in (self.listener, *self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
