"""Case 20: the way to the API; proxies and certificates, over real connections of this machine."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.scripted_api import KEY
from tallystick.api.client import CONTACT, GLANCE, Client
from tallystick.api.credential import Credential
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.network import Network
from tallystick.api.page import Query
from tallystick.clock import SystemClock
from tallystick.errors import InvalidQuestion, Unreachable
from tallystick.settings import Settings

ME = Query(ORGANIZATION)
FAR = "https://api.example.test"
Serve = Callable[[socket.socket], None]


@contextmanager
def served(serve: Serve) -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine whose every caller is served so; what each sent first is written down."""
    heard: list[bytes] = []
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.02)

        def serve_caller(caller: socket.socket) -> None:
            with caller:
                caller.settimeout(5)
                try:
                    heard.append(caller.recv(8000))
                    serve(caller)
                except OSError:
                    return

        def accept() -> None:
            while not stop.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=serve_caller, args=(caller,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        stop.set()
        thread.join()


def answered(caller: socket.socket) -> None:
    """A right answer."""
    caller.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"id": "org"}')


def client(base_url: str, *, patience: float = GLANCE, **variables: str) -> Client:
    """A client on the real clock, in an environment."""
    key = Credential(KEY)
    return Client(
        key, clock=SystemClock(), base_url=base_url, patience=patience, contact=CONTACT, network=Network(variables)
    )


@pytest.mark.parametrize("value", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "nonsense://", "http://"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_directly(host: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy the environment names, also to the whole process, a loopback address is asked without it."""
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    for name in names:
        monkeypatch.setenv(name, value)
    with served(answered) as (port, heard):
        variables = {"ANTHROPIC_ADMIN_KEY": KEY, **dict.fromkeys(names, value)}
        settings = Settings.load(base_url=f"http://{host}:{port}", environment=variables)
        with settings.client() as session, client(f"http://{host}:{port}") as bare:
            for each in (session, bare):
                assert each.get(ME).body == b'{"id": "org"}'
    assert all(request.startswith(b"GET /v1/") for request in heard)


def test_a_proxy_is_a_tunnel_and_hears_no_key() -> None:
    """An address elsewhere is asked through the proxy by CONNECT alone; a wanted password ends it at once."""

    def refuse(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")

    with served(refuse) as (port, heard):
        session = client(
            FAR, https_proxy=f"http://someone:pass-of-proxy@127.0.0.1:{port}", HTTPS_PROXY="http://other:1"
        )
        with session, pytest.raises(Unreachable, match="wants a user and password") as gone:
            session.get(ME)
    (request,) = heard
    assert request.startswith(b"CONNECT api.example.test:443")
    assert KEY.encode() not in request
    assert "pass-of-proxy" not in str(gone.value)
    assert "https_proxy" in str(gone.value)


@pytest.mark.long
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        "socks5://u:hunter2@127.0.0.1:1",
        "socks://h:1",
        "ftp://u:hunter2@h",
        "http://u:hunter2@",
        "h:notaport",
        "http://[",
    ],
)
def test_an_unusable_proxy_is_one_message(variable: str, value: str) -> None:
    """A proxy that cannot be used is asked wrongly, the variable named, its password not; NO_PROXY goes without."""
    with pytest.raises(InvalidQuestion, match=variable) as refused:
        client(FAR, **{variable: value})
    assert "hunter2" not in str(refused.value)
    assert "NO_PROXY=api.example.test" in str(refused.value)
    client(FAR, **{variable: value, "NO_PROXY": "example.test"}).close()


@pytest.mark.parametrize(
    ("entries", "direct"),
    [
        ("*", True),
        ("api.example.test", True),
        (".example.test", True),
        ("other, example.test:443", True),
        ("example.test:80", False),
        ("ample.test", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy(entries: str, direct: bool) -> None:
    """NO_PROXY has hosts, those below them, with a port or without; `*` is all."""
    proxy = Network({"HTTPS_PROXY": "proxy.test:3128", "NO_PROXY": entries}).proxy(FAR)
    assert (proxy is None) == direct
    assert proxy is None or proxy.address == "proxy.test:3128"


def test_no_proxy_of_networks() -> None:
    """An address is excepted by its network, v4 and v6; settings show no password of a proxy."""
    variables = {"HTTPS_PROXY": "http://u:hunter2@p:1", "NO_PROXY": "10.0.0.0/8,fd00::/8"}
    network = Network(variables)
    assert network.proxy("https://10.1.2.3") is None
    assert network.proxy("https://[fd00::1]") is None
    assert network.proxy("https://11.1.2.3") is not None
    settings = Settings.load(environment=variables)
    for shown in (repr(network), repr(network.proxy(FAR)), repr(settings), repr(settings.network())):
        assert "hunter2" not in shown


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key behind it."""
    folder = tmp_path_factory.mktemp("authority")
    words = "req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=here"
    words += " -addext subjectAltName=IP:127.0.0.1"
    try:
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl on this machine")
    (folder / "both").write_bytes((folder / "cert").read_bytes() + (folder / "key").read_bytes())
    return folder


def test_a_certificate_that_is_not_trusted(authority: Path) -> None:
    """It is not tried again, and says what to set; with that set, by any of the variables, the API is asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "both")
    callers: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                    callers.append(1)
                    with context.wrap_socket(plain, server_side=True) as caller:
                        caller.recv(8000)
                        answered(caller)
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
        with client(address) as session, pytest.raises(Unreachable, match="not trusted") as gone:
            session.get(ME)
        assert "SSL_CERT_FILE" in gone.value.hint
        assert len(callers) == 1
        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            with client(address, **{variable: str(authority / "cert")}) as session:
                assert session.get(ME).body == b'{"id": "org"}'


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificates_that_are_none(tmp_path: Path, content: bytes | None) -> None:
    """A variable that names no certificates is asked wrongly, and named."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidQuestion, match="SSL_CERT_FILE"):
        client(FAR, SSL_CERT_FILE=str(path))


def test_plain_http_where_tls_is_meant() -> None:
    """A server that speaks no TLS is not tried again, and is named."""
    with served(answered) as (port, heard):
        with client(f"https://127.0.0.1:{port}") as session, pytest.raises(Unreachable, match="does not speak TLS"):
            session.get(ME)
        assert len(heard) == 1
        assert KEY.encode() not in heard[0]


def silent(caller: socket.socket) -> None:
    """Never answer."""
    caller.recv(1)


def drip_head(caller: socket.socket) -> None:
    """Answer a byte at a time, from the status on."""
    caller.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    drip(caller)


def drip_body(caller: socket.socket) -> None:
    """Answer a byte at a time, of a body without a length: its end is that of the connection."""
    caller.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{")
    drip(caller)


def drip(caller: socket.socket) -> None:
    """A byte now and then, for longer than anybody waits."""
    for _ in range(200):
        caller.sendall(b" ")
        time.sleep(0.05)  # the world's clock: what drips must really drip


@pytest.mark.parametrize("serve", [silent, drip_head, drip_body])
def test_an_answer_has_a_deadline(serve: Serve) -> None:
    """Who never answers, or answers in drips, is given up in time; no half answer is taken for a whole one."""
    with served(serve) as (port, _):
        session = client(f"http://127.0.0.1:{port}", patience=1.0)
        before = time.monotonic()
        with session, pytest.raises(Unreachable):
            session.get(ME)
        assert time.monotonic() - before < 10
