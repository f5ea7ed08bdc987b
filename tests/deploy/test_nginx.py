"""`deploy/nginx.conf` in a real nginx: TLS, limits, request ids, and events that arrive at once."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.database.database import Database
from app.settings import load_settings
from bench.servers import address
from tests.client import check_problem, stranger
from tests.jobs import new_job
from tests.proxies import is_installed, nginx, nginx_of_deploy
from tests.server import ADMIN_KEY, Server

pytestmark = [
    pytest.mark.skipif(not is_installed("nginx"), reason="needs nginx: apt-get install nginx-light"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, for a certificate"),
]


def trusting(folder: Path) -> ssl.SSLContext:
    """What a client needs to trust the nginx of this folder."""
    return ssl.create_default_context(cafile=folder / "certificates/fullchain.pem")


class Front:
    """nginx before a server: its addresses, and a client that trusts its certificate."""

    def __init__(self, server: Server, folder: Path, plain: str, secure: str) -> None:
        self.server, self.plain, self.secure = server, plain, secure
        self.context = trusting(folder)
        self.client = httpx.Client(base_url=secure, verify=self.context, timeout=60)

    def exchange(self, sent: bytes) -> bytes:
        """All that nginx answers to these bytes until it closes the connection."""
        host, port = self.secure.removeprefix("https://").split(":")
        with (
            socket.create_connection((host, int(port)), timeout=30) as connection,
            self.context.wrap_socket(connection, server_hostname=host, suppress_ragged_eofs=True) as secured,
        ):
            secured.sendall(sent)
            return b"".join(iter(lambda: secured.recv(65536), b""))


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A service that trusts its proxy, as `deploy/compose.yaml` starts it."""
    folder = tmp_path_factory.mktemp("front")
    server = Server(folder, FORWARDED_ALLOW_IPS="127.0.0.1")
    with nginx_of_deploy(folder / "nginx", ":".join(map(str, address(server.url)))) as (plain, secure):
        made = Front(server, folder / "nginx", plain, secure)
        yield made
        made.client.close()
    server.close()


def test_a_prediction_passes_through_tls(front: Front, seven: bytes) -> None:
    answer = front.client.post("/predict", content=seven, headers={"X-Request-ID": "mine-1"})
    assert answer.json()["digit"] == 7 and answer.headers["X-Request-ID"] == "mine-1"
    assert "max-age" in answer.headers["Strict-Transport-Security"] and "nginx/" not in answer.headers["Server"]
    assert front.client.post("/predict/batch", files={"file": seven}).json()["items"][0]["digit"] == 7


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_tls_the_client_is_sent_there_with_its_method_and_body(front: Front, method: str) -> None:
    answer = httpx.request(method, f"{front.plain}/predict?seen=true")
    assert answer.status_code == 308 and answer.headers["Location"] == "https://127.0.0.1/predict?seen=true"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(front: Front, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connection = socket.create_connection(address(front.secure.replace("https", "http")), timeout=30)
        with closing(connection), context.wrap_socket(connection):
            pass


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "/metrics//", "/metrics%2F", "/x/../metrics/", "/digits/metrics"]
)
def test_metrics_are_not_for_everybody_however_their_address_is_written(front: Front, path: str) -> None:
    head, _, body = front.exchange(
        b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode()
    ).partition(b"\r\n\r\n")
    assert b" 404 " in head and json.loads(body)["detail"] == "Metrics are for the operator."


def test_an_id_that_is_not_plain_is_replaced_in_nginxs_own_answers_too(front: Front) -> None:
    answer = front.client.get("/metrics", headers={"X-Request-ID": '","x":"'})
    assert answer.status_code == 404 and answer.json()["type"] == "/problems/not-found"
    assert len(answer.json()["request_id"]) == 32
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]


def test_a_body_over_the_limit_is_refused_as_a_problem_before_it_is_sent(front: Front) -> None:
    head = b"POST /predict/batch HTTP/1.1\r\nHost: x\r\nX-Request-ID: big\r\nContent-Length: 35000000\r\n\r\n"
    status, _, rest = front.exchange(head).partition(b"\r\n")
    headers, _, body = rest.partition(b"\r\n\r\n")
    assert b"413" in status and b"application/problem+json" in headers and b"X-Request-ID: big" in headers
    assert json.loads(body)["type"] == "/problems/body-too-large" and json.loads(body)["request_id"] == "big"


def test_the_limits_of_size_leave_room_for_all_that_numeral_takes_by_default(front: Front) -> None:
    settings = load_settings()
    assert settings.max_image_bytes * 1.4 + settings.max_batch * 33_000 < 33 * 1024**2
    assert settings.max_import_bytes < 500 * 1024**2
    large = b"\0" * 20_000_000
    check_problem(front.client.post("/predict", content=large), 415, "unsupported-image")


def test_an_import_goes_through_as_it_arrives(front: Front) -> None:
    headers = {"Authorization": f"Bearer {ADMIN_KEY}", "Content-Type": "application/zip"}
    answer = front.client.post("/samples/import", content=iter([b"PK", b"no ZIP " * 6_000_000]), headers=headers)
    check_problem(answer, 422, "broken-archive")


def test_the_service_sees_the_clients_address_and_no_other_that_it_claims(front: Front) -> None:
    claimed = [front.client.get("/samples", headers=stranger("Bearer wrong")).status_code for _ in range(12)]
    assert claimed[0] == 401 and claimed[-1] == 429  # all came from one address


def test_too_many_requests_from_an_address_are_told_to_wait_and_health_checks_are_not(
    front: Front, tmp_path: Path
) -> None:
    upstream = ":".join(map(str, address(front.server.url)))
    with nginx_of_deploy(tmp_path, upstream) as (_, secure), ThreadPoolExecutor(8) as pool:
        context = trusting(tmp_path)

        def burst(path: str) -> list[httpx.Response]:
            with httpx.Client(base_url=secure, verify=context, timeout=60) as client:
                return [client.get(path) for _ in range(60)]

        answers = [answer for each in pool.map(burst, ["/problems/blank-image"] * 8) for answer in each]
        health = [answer for each in pool.map(burst, ["/readyz"] * 8) for answer in each]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(refused) >= 100 and {answer.status_code for answer in answers} == {200, 429}
    assert refused[0].headers["Retry-After"] == "1" and refused[0].json()["status"] == 429
    assert refused[0].headers["Content-Type"] == "application/problem+json"
    assert refused[0].json()["request_id"] == refused[0].headers["X-Request-ID"]
    assert {answer.status_code for answer in health} == {200}


class Upstream(http.server.BaseHTTPRequestHandler):
    """Sends one event, and the next one only after the client has said that it got the first."""

    protocol_version = "HTTP/1.0"
    received = threading.Event()

    def do_GET(self) -> None:
        """Answer with two events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        if self.received.wait(30):
            self.wfile.write(b"data: second\n\n")

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def test_an_event_arrives_before_the_next_one_is_sent(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as upstream:
        threading.Thread(target=upstream.serve_forever).start()
        try:
            with nginx_of_deploy(tmp_path, f"127.0.0.1:{upstream.server_address[1]}") as (_, secure):
                context = trusting(tmp_path)
                with httpx.stream("GET", f"{secure}/admin/jobs/x/events", verify=context, timeout=20) as answer:
                    lines = answer.iter_lines()
                    assert next(lines) == "data: first"
                    Upstream.received.set()
                    assert [*lines] == ["", "data: second", ""]
        finally:
            upstream.shutdown()


def test_a_service_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with nginx_of_deploy(tmp_path, f"127.0.0.1:{port}") as (_, secure):
        context = trusting(tmp_path)
        answer = httpx.post(f"{secure}/predict", verify=context)
    assert answer.status_code == 503 == answer.json()["status"] and answer.headers["Retry-After"] == "1"


def test_without_these_lines_nginx_passes_events_on_at_once_too_since_the_service_asks_for_it(
    front: Front, tmp_path: Path
) -> None:
    with closing(Database(front.server.environment["NUMERAL_DATABASE_URL"])) as database:
        job_id = new_job(database)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    with (
        nginx(tmp_path / "plain", f"location / {{ proxy_pass {front.server.url}; }}") as url,
        httpx.stream("GET", f"{url}/admin/jobs/{job_id}/events", headers=headers, timeout=20) as answer,
    ):
        assert any(line.startswith("data:") for line in answer.iter_lines())
