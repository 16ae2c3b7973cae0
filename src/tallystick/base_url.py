"""The base URL: the address of the API from a flag, the environment or a settings file, and which of them it is of."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from tallystick.api.address import API, loopback

NAMED = ("--base-url", "TALLYSTICK_BASE_URL")
"""Sources by which the user means this very address."""


def address_of(flag: str | None, env: Mapping[str, str], written: str | None, path: str) -> tuple[str, str, list[str]]:
    """The address, its source, and what the user should know of it; that of an LLM gateway is not taken."""
    if flag:
        return flag, "--base-url", []
    if url := env.get("TALLYSTICK_BASE_URL"):
        return url, "TALLYSTICK_BASE_URL", []
    if written:
        return written, path, []
    warnings = []
    if url := env.get("ANTHROPIC_BASE_URL"):
        if loopback(url):
            return url, "ANTHROPIC_BASE_URL", []
        warnings.append(
            f"ANTHROPIC_BASE_URL names {_host(url)}, often an LLM gateway, which must not get an Admin "
            "key: ignored. Use --base-url or TALLYSTICK_BASE_URL to mean it."
        )
    return API, "default", warnings


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host of this machine"
    except ValueError:
        return "no host of this machine"
