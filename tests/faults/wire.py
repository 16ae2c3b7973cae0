"""Faults of the transport: what is done to the bytes of an answer that is good."""

from __future__ import annotations

import gzip
import zlib
from functools import cache

from faults.fault import Fault, of_wire
from faults.proxy import RESET, Answer, Wire

BOMB = 192 * 2**20
"""Bytes of white space that a gzip bomb becomes."""


def _halves(answer: Answer, extra: tuple[tuple[str, str], ...] = ()) -> tuple[bytes, bytes]:
    text = answer.framed(extra)
    cut = len(text) - max(1, len(answer.body) // 2)
    return text[:cut], text[cut:]


def _head(answer: Answer, *extra: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    lines = [status, "content-type: application/json", "date: Sat, 28 Nov 2026 09:30:00 GMT", *extra]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") if answer else b""


def _chunks(body: bytes, size: int = 300) -> list[bytes]:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]


def _length(text: str) -> Fault:
    def change(answer: Answer) -> Wire:
        return Wire([_head(answer, f"content-length: {text}"), answer.body])

    return Fault(f"content-length {text}", "transport", of_wire(change))


def _zipped(answer: Answer, body: bytes, name: str = "gzip") -> Wire:
    return Wire([_head(answer, f"content-encoding: {name}", f"content-length: {len(body)}"), body])


@cache
def _bomb() -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 2**20
    pieces = [squeeze.compress(b'{"data": ['), *(squeeze.compress(block) for _ in range(BOMB >> 20))]
    return b"".join([*pieces, squeeze.compress(b'], "has_more": false, "next_page": null}'), squeeze.flush()])


def _drip(answer: Answer) -> Wire:
    first, second = _halves(answer)
    step = max(1, len(second) // 8)
    steps: list[bytes | float | str] = [first]
    for start in range(0, len(second), step):
        steps += [0.05, second[start : start + step]]
    return Wire(steps)


def _wire(name: str, steps: object, *, once: bool = False, harmless: bool = False, slow: bool = False) -> Fault:
    return Fault(name, "transport", of_wire(steps), "1" if once else "every", harmless, slow=slow)  # type: ignore[arg-type]


def _unread(answer: Answer) -> bytes:
    """Head of an answer whose length is beyond what will come."""
    return _head(answer, f"content-length: {len(answer.body) + 500}")


TRANSPORT = (
    _wire("reset before the answer", lambda _: Wire([RESET])),
    _wire("reset before the answer, once", lambda _: Wire([RESET]), once=True, harmless=True),
    _wire("closed without an answer", lambda _: Wire([])),
    _wire("closed without an answer, once", lambda _: Wire([]), once=True, harmless=True),
    _wire("reset in the headers", lambda answer: Wire([answer.framed()[:40], RESET])),
    _wire("reset in the body", lambda answer: Wire([_halves(answer)[0], 0.01, RESET])),
    _wire("reset in the body, once", lambda answer: Wire([_halves(answer)[0], 0.01, RESET]), once=True, harmless=True),
    _wire("closed in the body", lambda answer: Wire([_halves(answer)[0]])),
    _wire("closed in the body, once", lambda answer: Wire([_halves(answer)[0]]), once=True, harmless=True),
    _wire("length beyond the body", lambda answer: Wire([_unread(answer), answer.body])),
    _wire(
        "length short of the body",
        lambda answer: Wire([_head(answer, f"content-length: {len(answer.body) // 2}"), answer.body]),
    ),
    _length("abc"),
    _length("-5"),
    _length("5, 900"),
    _length("9" * 30),
    _wire(
        "chunked",
        lambda answer: Wire([_head(answer, "transfer-encoding: chunked"), *_chunks(answer.body), b"0\r\n\r\n"]),
        harmless=True,
    ),
    _wire(
        "chunked, cut",
        lambda answer: Wire([_head(answer, "transfer-encoding: chunked"), *_chunks(answer.body)[:-1]]),
    ),
    _wire(
        "chunked, last chunk missing",
        lambda answer: Wire([_head(answer, "transfer-encoding: chunked"), *_chunks(answer.body)]),
    ),
    _wire(
        "chunked, size is no number",
        lambda answer: Wire([_head(answer, "transfer-encoding: chunked"), b"zz\r\n", answer.body, b"\r\n0\r\n\r\n"]),
    ),
    _wire("gzip", lambda answer: _zipped(answer, gzip.compress(answer.body)), harmless=True),
    _wire("gzip of garbage", lambda answer: _zipped(answer, b"\x1f\x8b\x08\x00" + bytes(range(200)))),
    _wire("gzip, cut", lambda answer: _zipped(answer, gzip.compress(answer.body)[:-9])),
    _wire("gzip bomb", lambda answer: _zipped(answer, _bomb())),
    _wire("not zipped though it says so", lambda answer: _zipped(answer, answer.body)),
    _wire("an encoding nobody asked for", lambda answer: _zipped(answer, answer.body, "x-none")),
    _wire(
        "HTTP/1.0, closed at the end",
        lambda answer: Wire([_head(answer, status="HTTP/1.0 200 OK"), answer.body]),
        harmless=True,
    ),
    _wire(
        "HTTP/1.0, cut",
        lambda answer: Wire([_head(answer, status="HTTP/1.0 200 OK"), answer.body[: len(answer.body) // 2]]),
    ),
    _wire("HTTP/9.9", lambda answer: Wire([answer.framed().replace(b"HTTP/1.1", b"HTTP/9.9", 1)])),
    _wire(
        "100 before the answer",
        lambda answer: Wire([b"HTTP/1.1 100 Continue\r\n\r\n", answer.framed((("connection", "close"),))]),
        harmless=True,
    ),
    _wire(
        "103 before the answer",
        lambda answer: Wire(
            [b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", answer.framed((("connection", "close"),))]
        ),
        harmless=True,
    ),
    _wire("100 and nothing more", lambda _: Wire([b"HTTP/1.1 100 Continue\r\n\r\n"])),
    _wire("no HTTP at all", lambda _: Wire([b"SSH-2.0-OpenSSH_9.6\r\n"])),
    _wire("a status that is no number", lambda answer: Wire([b"HTTP/1.1 abc OK\r\n\r\n", answer.body])),
    _wire("a header of 100 kB", lambda answer: Wire([answer.framed((("x-huge", "x" * 100_000),))])),
    _wire("2,000 headers", lambda answer: Wire([answer.framed(tuple((f"x-{n}", "y") for n in range(2_000)))])),
    _wire(
        "a header beyond ASCII",
        lambda answer: Wire([answer.framed((("x-name", "caf\xe9 \xff"), ("connection", "close")))]),
        harmless=True,
    ),
    _wire("dripping, but whole", _drip, harmless=True),
    _wire("stalled in the body", lambda answer: Wire([_halves(answer)[0], 200.0]), slow=True),
    _wire("stalled before the answer", lambda _: Wire([200.0]), slow=True),
    _wire(
        "dripping without end",
        lambda answer: Wire([_head(answer, "transfer-encoding: chunked"), *([b"1\r\n \r\n", 0.5] * 600)]),
        slow=True,
    ),
)
