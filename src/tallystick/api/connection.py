"""The connection to the API: one GET with a deadline for the whole of its answer; no redirect is followed.

The only file that sends a credential.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any

import httpx2

from tallystick.api.body import body_of
from tallystick.api.credential import Credential
from tallystick.api.network import Proxy
from tallystick.errors import Unreachable

CONNECT = 10.0
"""Seconds that a connection may take to be made."""
SILENCE = 60.0
"""Seconds that the API may be silent in the middle of an answer."""
LONGEST_ANSWER = 120.0
"""Seconds that one answer may take from the first byte asked to the last byte read."""
_PROXY_WANTS_PASSWORD = "407"  # noqa: S105 - a status


class Connection:
    """Sends GET requests to one address, one at a time.

    `transport` is the seam for tests: any `httpx2.BaseTransport`.
    """

    def __init__(
        self,
        base_url: str,
        proxy: Proxy | None,
        certificates: ssl.SSLContext,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self._base_url = base_url
        self._real = transport is None
        self._streams: list[Any] = []
        self._proxy = proxy
        self._way = proxy.way if proxy else ""
        self._http = httpx2.Client(
            base_url=base_url,
            transport=transport,
            proxy=proxy.value if proxy else None,
            verify=certificates,
            trust_env=False,  # the environment is read once, in settings.py; httpx2 would send http to a proxy
            follow_redirects=False,
            headers={
                "accept": "application/json",
                "accept-encoding": "gzip",
                "user-agent": f"tallystick/{version('tallystick')} (https://pypi.org/project/tallystick)",
            },
        )

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def get(
        self, request: str, headers: Mapping[str, str], credential: Credential, seconds: float = LONGEST_ANSWER
    ) -> tuple[httpx2.Response, bytes]:
        """The answer to a request that carries the credential, and its whole body, within so many seconds.

        Raises TooLong for a body that is longer than any page, httpx2.TransportError where a later try may succeed,
        Unreachable where it cannot: a certificate that is not trusted, a proxy that wants a password.
        """
        timeout = httpx2.Timeout(min(SILENCE, seconds), connect=min(CONNECT, seconds))
        try:
            with (
                self._deadline(seconds),
                self._http.stream(
                    "GET",
                    request,
                    headers=dict(headers),
                    auth=credential.sign,
                    timeout=timeout,
                    extensions={"trace": self._trace},
                ) as answer,
            ):
                return answer, body_of(answer)
        except httpx2.TransportError as broken:
            if hopeless := self._hopeless(broken):
                raise hopeless from None
            raise

    def _trace(self, event: str, details: Mapping[str, Any]) -> None:
        """Keep hold of the sockets, so that a deadline can end what is read from them."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._streams = [*self._streams[-3:], details["return_value"]]

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """End what is being read after so many seconds: an answer that drips never lets a read time out."""
        if not self._real:
            yield
            return
        over = threading.Event()
        timer = threading.Timer(seconds, self._time_out, (over,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except httpx2.TransportError:
            if not over.is_set():
                raise
        finally:
            timer.cancel()
        if over.is_set():  # also where the answer looks complete: its end may be where we cut it
            raise httpx2.ReadTimeout(f"the answer was not complete within {seconds:.0f} s")

    def _time_out(self, over: threading.Event) -> None:
        over.set()
        self.end()

    def end(self) -> None:
        """End what is being read: the answer breaks off."""
        for stream in self._streams:
            with suppress(OSError, AttributeError):
                stream.get_extra_info("socket").shutdown(2)

    def _hopeless(self, broken: httpx2.TransportError) -> Unreachable | None:
        """The error of what no later try mends."""
        chain: list[BaseException] = [broken]
        while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
            chain.append(cause)
        for cause in chain:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Unreachable(
                    f"The certificate of {self._base_url}{self._way} is not trusted: {cause.verify_message}.",
                    "If your network inspects TLS, set SSL_CERT_FILE to the PEM file of its certificate authority.",
                )
            if isinstance(cause, ssl.SSLError) and cause.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
                return Unreachable(
                    f"What answers at {self._base_url}{self._way} does not speak TLS.",
                    "Correct the base URL or the proxy: one of them may be http.",
                )
        if isinstance(broken, httpx2.ProxyError) and self._proxy and str(broken).startswith(_PROXY_WANTS_PASSWORD):
            return Unreachable(
                f"The proxy {self._proxy.address} ({self._proxy.variable}) wants a user and password.",
                f"Write them in the variable: {self._proxy.variable}=http://user:password@{self._proxy.address}.",
            )
        return None
