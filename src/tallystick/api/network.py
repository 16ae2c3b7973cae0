"""The network between this machine and the API: the proxy and the certificates that the environment names.

A loopback address is always asked directly, and without TLS only a loopback address is asked at all: so a proxy is only
ever a tunnel for HTTPS, and never sees a credential.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tallystick.api.address import CERTIFICATES, PROXIES, loopback
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    import ssl

    import httpx2


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: the variable that names it, where it is without its password, and the same for httpx2."""

    variable: str
    address: str
    value: httpx2.Proxy = field(repr=False)

    @property
    def way(self) -> str:
        """How the API is reached, for messages."""
        return f" through the proxy {self.address} ({self.variable})"


@dataclass(frozen=True, slots=True)
class Network:
    """What the environment says of the way to the API; `variables` may hold the password of a proxy."""

    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    def proxy(self, base_url: str) -> Proxy | None:
        """The proxy to reach the address by, None for directly; InvalidQuestion where it cannot be one."""
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        if parts.scheme != "https" or loopback(base_url) or self._excepted(host, parts.port or 443):
            return None
        for variable in PROXIES:
            if value := self.variables.get(variable, "").strip():
                return _proxy(variable, value, host)
        return None

    def certificates(self) -> ssl.SSLContext | bool:
        """The certificates to trust: those that the environment names, else the system's (True)."""
        import ssl

        for variable in CERTIFICATES:
            if value := self.variables.get(variable):
                path = Path(value)
                try:
                    if path.is_dir():
                        return ssl.create_default_context(capath=value)
                    return ssl.create_default_context(cafile=value)
                except (OSError, ValueError) as wrong:
                    why = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else "no certificate in it"
                    raise InvalidQuestion(
                        f"{variable} names {value}, which cannot be read: {why}.",
                        "It should be a PEM file of the certificate authorities to trust.",
                    ) from None
        return True

    def _excepted(self, host: str, port: int) -> bool:
        """Whether NO_PROXY has the host: itself or above it, `*`, an address, a network, with a port or without."""
        listed = self.variables.get("no_proxy") or self.variables.get("NO_PROXY") or ""
        return any(_matches(entry, host, port) for entry in re.split(r"[,\s]+", listed.lower()) if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal():
        if int(number) != port:
            return False
        entry = name
    entry = entry.partition("://")[2] or entry
    entry = entry.removeprefix("*").lstrip(".").strip("[]")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _proxy(variable: str, value: str, host: str) -> Proxy:
    import httpx2

    address = value if "://" in value else f"http://{value}"
    scheme = address.partition("://")[0].lower()
    if scheme.startswith("socks"):
        raise InvalidQuestion(
            f"{variable} names a SOCKS proxy, which tallystick cannot use.",
            f"Set HTTPS_PROXY to an HTTP proxy, or NO_PROXY={host} to go without.",
        )
    try:
        parts = urlsplit(address)
        right = scheme in {"http", "https"} and parts.hostname and parts.port != 0
        if right and address.isprintable() and " " not in address:
            port = parts.port or (443 if scheme == "https" else 80)
            return Proxy(variable, f"{parts.hostname}:{port}", httpx2.Proxy(address))
    except (ValueError, httpx2.InvalidURL):  # whose text may hold the password
        pass
    raise InvalidQuestion(
        f"{variable} is no address of a proxy.", f"Write http://host:port, or set NO_PROXY={host} to go without."
    )
