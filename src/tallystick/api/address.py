"""Where a credential may be sent: over HTTPS, or to this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from tallystick.errors import AskedWrongly

API = "https://api.anthropic.com"


def safe_address(base_url: str) -> None:
    """Raise AskedWrongly unless a credential may be sent there: HTTPS, or this machine."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise AskedWrongly(f"{base_url!r} is not the address of an API.", f"Write it like {API}.")
    if parts.scheme == "http" and not loopback(base_url):
        raise AskedWrongly(
            f"{base_url} is not encrypted, and an Admin key can do everything in the organization.",
            "Use https://, or an address of this machine (127.0.0.1, localhost).",
        )


def loopback(base_url: str) -> bool:
    """Whether the address is this machine."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
