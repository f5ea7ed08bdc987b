"""Real nginx and HAProxy on the loopback interface, in front of servers under test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.servers import free_port
from tests.server import REPOSITORY, wait_until

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1; {user}
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size 100m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {http}
  server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""
NGINX_BALANCER = """
upstream numeral {{ {servers} keepalive 16; }}
proxy_http_version 1.1; proxy_set_header Connection "";
"""
# A prediction changes nothing, so that it may be asked of another server when its connection broke off. And a server
# that refuses a connection is left alone for no time (max_fails=0), since while it restarts the other is all there is.
NGINX_LOCATION = "location / { proxy_pass http://numeral; proxy_next_upstream error timeout non_idempotent; }"

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # nginx's folders for temporary files

HAPROXY = """
global
  maxconn 512
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  retries 3
  timeout check 2s
  option redispatch 1
frontend front
  bind 127.0.0.1:{port}
  default_backend numeral
backend numeral
  option httpchk GET /readyz
  retry-on conn-failure empty-response
  default-server check inter 200ms fall 2 rise 1
  {servers}
"""


@contextmanager
def nginx(folder: Path, server: str, http: str = "") -> Iterator[str]:
    """Start nginx with these lines in its `server` and `http` blocks; yield its address."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""  # who may read the folders of tests
    config.write_text(NGINX.format(folder=folder, user=user, port=port, server=server, http=http))
    with running(["nginx", "-e", str(folder / "log"), "-c", str(config)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx_balancer(folder: Path, addresses: Sequence[str]) -> Iterator[str]:
    """Start nginx as a load balancer over servers at these `host:port`; yield its address."""
    servers = " ".join(f"server {address} max_fails=0;" for address in addresses)
    with nginx(folder, NGINX_LOCATION, NGINX_BALANCER.format(servers=servers)) as url:
        yield url


@contextmanager
def haproxy_balancer(folder: Path, addresses: Sequence[str]) -> Iterator[str]:
    """Start HAProxy as a load balancer over the servers whose /readyz says ready; yield its address."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "haproxy.cfg"
    servers = "\n  ".join(f"server s{number} {address}" for number, address in enumerate(addresses))
    config.write_text(HAPROXY.format(port=port, servers=servers))
    with running(["haproxy", "-db", "-f", str(config)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx_of_deploy(folder: Path, upstream: str) -> Iterator[tuple[str, str]]:
    """Start nginx with `deploy/nginx.conf` before the server at this `host:port`; yield its addresses, http and https.

    Only what differs from host to host is changed: ports, upstream, files, and the certificate, which is made here.
    """
    plain, secure = free_port(), free_port()
    (folder / "certificates").mkdir(parents=True)
    make_certificate(folder / "certificates")
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    text = (REPOSITORY / "deploy/nginx.conf").read_text()
    for ours, theirs in {
        "server numeral:8000 ": f"server {upstream} ",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "pid /run/nginx.pid;": f"pid {folder}/pid; daemon off; {user}",
        "error_log stderr warn;": f"error_log {folder}/log warn;",
        "worker_connections 4096;": "worker_connections 512;",
        "http {\n": f"http {{ {temporary}\n",
    }.items():
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    (folder / "nginx.conf").write_text(text)
    command = ["nginx", "-e", str(folder / "log"), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([path_of("nginx") or "nginx", "-t", *command[1:]], capture_output=True, text=True)
    assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr
    with running(command, secure):
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"


def make_certificate(folder: Path) -> None:
    """Write a certificate for 127.0.0.1 that signs itself, and its key, by the names that `deploy/nginx.conf` has."""
    files = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files)
    subprocess.run(command, check=True, capture_output=True)


BALANCERS = {"nginx": nginx_balancer, "haproxy": haproxy_balancer}


def is_installed(program: str) -> bool:
    """Whether the program can be started; Debian keeps servers out of a user's PATH."""
    return path_of(program) is not None


def path_of(program: str) -> str | None:
    """The path of the program."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Run the program within the context, and wait until it listens."""
    program = path_of(command[0])
    assert program is not None, f"{command[0]} is not installed"
    process = subprocess.Popen([program, *command[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def is_ready() -> bool:
        assert process.poll() is None, process.stdout and process.stdout.read().decode()
        return listens(port)

    try:
        wait_until(is_ready)
        yield
    finally:
        process.terminate()
        process.communicate()


def listens(port: int) -> bool:
    """Whether a server accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
