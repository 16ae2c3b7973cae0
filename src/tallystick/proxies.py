"""Proxies and certificates: the network as the environment names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tallystick.api.address import PROXIES, VARIABLES

if TYPE_CHECKING:
    from tallystick.api.network import Network


def way(env: Mapping[str, str], *, real: bool) -> Callable[[], Network]:
    """The network that the environment names, in a closure: a proxy's password must not be shown with the settings."""
    variables = {name: value for name, value in env.items() if name.upper() in VARIABLES and value}

    def network() -> Network:
        from tallystick.api.network import Network

        return Network(variables if not real or any(map(variables.get, PROXIES)) else _system_proxy() | variables)

    return network


def _system_proxy() -> dict[str, str]:
    """The proxy that Windows or macOS has been given."""
    from urllib.request import getproxies

    return {"HTTPS_PROXY": system} if (system := getproxies().get("https")) else {}
