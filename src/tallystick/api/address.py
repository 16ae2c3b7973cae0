"""Address: where a credential may be sent, over HTTPS or to this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from tallystick.errors import InvalidQuestion

API = "https://api.anthropic.com"
PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""Variables that name a proxy for HTTPS, the first wins."""
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name certificate authorities, the first wins."""
VARIABLES = frozenset({*PROXIES, *CERTIFICATES, "NO_PROXY"})
"""What the environment can say of the way to the API, in upper case too."""


def safe_address(base_url: str) -> None:
    """Raise InvalidQuestion unless a credential may be sent there: HTTPS, or this machine."""
    parts = urlsplit("")
    try:
        parts = urlsplit(base_url)
        right = (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and not parts.query
            and parts.port != 0
            and base_url.isprintable()
            and " " not in base_url
        )
    except ValueError:
        right = False
    if not right:
        address = re.sub(r"//[^/]*@", "//***@", base_url)
        raise InvalidQuestion(f"{address!r} is not the address of an API.", f"Write it like {API}.")
    if parts.scheme == "http" and not loopback(base_url):
        raise InvalidQuestion(
            f"{base_url} is not encrypted, and an Admin key can do everything in the organization.",
            "Use https://, or an address of this machine (127.0.0.1, localhost).",
        )


def loopback(base_url: str) -> bool:
    """Whether the address is this machine."""
    try:
        host = urlsplit(base_url).hostname or ""
        if host == "localhost":
            return True
        return ip_address(host).is_loopback
    except ValueError:
        return False
