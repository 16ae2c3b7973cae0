from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from support.simulator_api import HEADERS, NOW
from tallystick.sim import Server, Simulator, Ticking, World, serve

ME = "/v1/organizations/me"
REPORT = "/v1/organizations/usage_report/messages?starting_at=2026-11-08T00:00:00Z&group_by%5B%5D=model"


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """The small world on a port."""
    with serve(Simulator(world, clock=Ticking(NOW))) as running:
        yield running


def test_the_wire_says_what_the_simulator_says(server: Server, world: World) -> None:
    """An answer over a socket has the status, the headers and the body of the pure one."""
    pure = Simulator(world, clock=Ticking(NOW)).answer("GET", REPORT, HEADERS)
    answer = httpx2.get(server.url + REPORT, headers=HEADERS)
    assert answer.status_code == 200
    assert answer.content == pure.body
    assert pure.headers.items() <= dict(answer.headers).items()
    assert answer.headers.get_list("date") == ["Sun, 22 Nov 2026 10:30:00 GMT"]


def test_connections_are_kept_alive(server: Server) -> None:
    """Several requests, refused ones and ones with a body too, go over one connection."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=5)
    connection.connect()
    socket = connection.sock
    for method, status in (("GET", 200), ("POST", 405), ("HEAD", 405), ("GET", 200)):
        connection.request(method, ME, body=b"{}" if method == "POST" else None, headers=HEADERS)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        assert connection.sock is socket
    connection.close()


def test_repeated_headers_are_a_list(server: Server) -> None:
    """A beta header that comes twice counts both times."""
    query = "/v1/organizations/analytics/cost?starting_at=2026-11-20T00:00:00Z"
    betas = [("anthropic-beta", "analytics-usage-cost-2026-08-24"), ("anthropic-beta", "fast-mode-2026-02-01")]
    headers = [("x-api-key", HEADERS["x-api-key"]), ("anthropic-version", "2026-10-21"), *betas]
    assert httpx2.get(server.url + query, headers=headers).status_code == 200


def test_threads_share_a_simulator(server: Server) -> None:
    """Requests at the same time get the same report, each under a request id of its own."""
    with httpx2.Client(headers=HEADERS) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(server.url + REPORT), range(24)))
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["request-id"] for answer in answers}) == 24


def test_a_reset_breaks_off(world: World) -> None:
    """A cut answer ends in the middle of its body, and the next connection is fine."""
    with serve(Simulator(world, clock=Ticking(NOW), faults=["reset"])) as server:
        with pytest.raises(httpx2.TransportError):
            httpx2.get(server.url + ME, headers=HEADERS)
        assert httpx2.get(server.url + ME, headers=HEADERS).status_code == 200


def test_the_simulator_fits_a_mock_transport(world: World) -> None:
    """Without a socket, the pure answer is all that a transport needs."""
    simulator = Simulator(world, clock=Ticking(NOW))

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = simulator.answer(request.method, request.url.raw_path.decode(), request.headers)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    with httpx2.Client(transport=httpx2.MockTransport(handle), headers=HEADERS) as client:
        name = json.loads(client.get(f"https://api.example.invalid{ME}").content)["name"]
    assert name == "Simulated & Daughters"
    assert simulator.calls == 1
