from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest

from support.scripted_api import KEY, Connect, FakeClock, refusal, reply
from tallystick.api.allowance import FIRST, MINUTE, MOST, Allowance, Halted
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.endpoints import ANALYTICS_COST, ORGANIZATION
from tallystick.api.page import Query

ME, COST = Query(ORGANIZATION), Query(ANALYTICS_COST)


def allowance_of(clock: FakeClock, a_minute: int | None = None) -> Allowance:
    """An allowance whose waits for the next minute nobody is told of."""
    return Allowance(clock, lambda _seconds, _reason: None, a_minute)


def answer_round(allowance: Allowance, count: int) -> None:
    """Have so many requests out at once, and answered."""
    with ExitStack() as turns:
        for _ in range(count):
            turns.enter_context(allowance.turn())
        for _ in range(count):
            allowance.answered()


def test_it_grows_by_one_a_round_while_it_is_used(clock: FakeClock) -> None:
    """As many answers as are allowed at once allow one more, to the most; fewer at once than allowed change nothing."""
    allowance = allowance_of(clock)
    for _ in range(100):
        answer_round(allowance, 1)
    assert allowance.at_once == FIRST
    rounds = 0
    while allowance.at_once < MOST:
        answer_round(allowance, allowance.at_once)
        rounds += 1
    assert rounds == MOST - FIRST
    answer_round(allowance, MOST)
    assert allowance.at_once == MOST


def test_a_429_halves_it_once_and_it_recovers(clock: FakeClock) -> None:
    """Refusals of requests that were out together are one refusal; a later one halves again; answers let it grow."""
    allowance = allowance_of(clock)
    with allowance.turn() as first, allowance.turn() as second:
        clock.pass_time(1)
        assert [allowance.refused(first), allowance.refused(second)] == [1, 1]
    assert allowance.at_once == FIRST // 2
    with allowance.turn() as third:
        assert allowance.refused(third) == 2
    with allowance.turn() as fourth:
        assert allowance.refused(fourth) == 3
    assert allowance.at_once == 1
    for _ in range(1 + 2 + 3):
        answer_round(allowance, allowance.at_once)
    assert allowance.at_once > FIRST


def test_nobody_asks_while_the_api_rests(clock: FakeClock) -> None:
    """A wait that the API names for one request holds for all."""
    allowance = allowance_of(clock)
    allowance.rest(20)
    with allowance.turn() as turn:
        assert (turn.began, turn.waited, clock.slept) == (20, 20, [20])


def test_a_minute_is_used_up_at_once_and_then_waited_for(clock: FakeClock) -> None:
    """Requests go out without a pause to the last that a minute takes; the next goes when the first is a minute old."""
    allowance = allowance_of(clock, 60)
    for _ in range(120):
        answer_round(allowance, 1)
    assert clock.slept == [MINUTE]
    answer_round(allowance, 1)
    assert clock.slept == [MINUTE, MINUTE]


def test_a_429_lowers_what_is_sent_a_minute_for_a_while(clock: FakeClock) -> None:
    """After a refusal fewer go out a minute than did; each minute without one takes one more, to the first figure."""
    allowance = allowance_of(clock, 60)
    for _ in range(40):
        answer_round(allowance, 1)
    with allowance.turn() as turn:
        allowance.refused(turn)
    assert allowance.a_minute == 36
    for _ in range(40 * 60):
        answer_round(allowance, 1)
    assert allowance.a_minute == 60


def test_a_minute_that_others_used_up_slows_nobody_for_long(clock: FakeClock) -> None:
    """A refusal of the first request, whose minute was used by others, leaves half as many a minute, not one."""
    allowance = allowance_of(clock, 60)
    with allowance.turn() as turn:
        allowance.refused(turn)
    assert allowance.a_minute == 30


def test_the_api_tells_how_many_a_minute(connect: Connect, clock: FakeClock) -> None:
    """The header `anthropic-ratelimit-requests-limit` replaces the documented 60; what is no number does not."""
    client, _ = connect(reply(body={}, anthropic_ratelimit_requests_limit="many"), reply(body={}))
    client.get(COST)
    assert client.allowances["analytics"].a_minute == 60
    client, server = connect(reply(body={}, anthropic_ratelimit_requests_limit="100"))
    for _ in range(101):
        client.get(COST)
    assert (clock.slept, len(server.requests)) == ([MINUTE], 101)


def test_what_waits_is_halted(clock: FakeClock) -> None:
    """Who waits for a turn when all is halted gives up, and so does who comes later, until asking goes on."""
    allowance = allowance_of(clock)
    with ThreadPoolExecutor(1) as pool, ExitStack() as turns:
        for _ in range(FIRST):
            turns.enter_context(allowance.turn())
        waiting = pool.submit(answer_round, allowance, 1)
        allowance.halt()
        with pytest.raises(Halted):
            waiting.result(timeout=10)
    with pytest.raises(Halted):
        answer_round(allowance, 1)
    allowance.halt(halted=False)
    answer_round(allowance, 1)


def test_threads_renew_a_credential_once(clock: FakeClock) -> None:
    """Requests that a 401 meets together have the credential read anew once, and all go on with it."""
    both = threading.Barrier(2)
    renewals: list[str] = []

    def renew() -> str:
        renewals.append("new")
        return f"opaque-token-{len(renewals)}"

    def answer(request: httpx2.Request) -> httpx2.Response:
        old = request.headers["authorization"].endswith("token-0")
        if old:
            both.wait(10)
        return (refusal(401, "authentication_error") if old else reply(body={}))(request)

    credential = Credential("opaque-token-0", bearer=True, renew=renew)
    server = httpx2.MockTransport(answer)
    with Client(credential, clock=clock, transport=server) as client, ThreadPoolExecutor(2) as pool:
        list(pool.map(client.get, [ME, ME]))
    assert renewals == ["new"]


def test_a_429_is_waited_for_by_all_and_lowers_the_allowance(connect: Connect, clock: FakeClock) -> None:
    """After a 429 the request is sent again when the API says, with half as many at once from then on."""
    client, server = connect(refusal(429, "rate_limit_error", retry_after="7"), reply(body={}))
    client.get(ME)
    assert (clock.slept, len(server.requests), client.allowances["reports"].at_once) == ([7], 2, FIRST // 2)
    assert client.allowances["analytics"].at_once == FIRST


def test_what_is_out_is_ended(clock: FakeClock) -> None:
    """A request that nobody answers ends when all is halted, and its thread with it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Client(Credential(KEY), clock=clock, base_url=address) as client, ThreadPoolExecutor(1) as pool:
            asking = pool.submit(client.get, ME)
            accepted, _ = silent.accept()
            while not asking.done():
                client.halt()
            with pytest.raises(Halted):
                asking.result()
            client.resume()
            accepted.close()
