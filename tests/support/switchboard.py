"""A switchboard: several simulated organizations behind one address, each with its own Admin key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from support.wire import TODAY, Clock
from tallystick.sim import Answer, Credentials, Simulator, World


def key_of(name: str) -> str:
    """The Admin key of the organization that the settings call so."""
    return f"sk-ant-admin01-of-{name.lower()}-1"


class Switchboard(Simulator):
    """Answers as the organization whose key a request has; `refused` has an organization and no key that it knows.

    `faults` are those of some organizations, by their names.
    """

    def __init__(
        self,
        worlds: Mapping[str, World],
        *,
        refused: tuple[str, ...] = (),
        faults: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.clock = Clock()
        super().__init__(next(iter(worlds.values())), clock=self.clock.ticking)
        self.worlds = worlds
        self.keys: list[str] = []
        """The key of each request."""
        self._simulators = {
            key_of(name): Simulator(
                world,
                clock=self.clock.ticking,
                faults=(faults or {}).get(name, ()),
                credentials=Credentials(admin=frozenset() if name in refused else frozenset({key_of(name)})),
            )
            for name, world in worlds.items()
        }

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """The answer of the organization whose key it is; of the first one where it is nobody's."""
        key = {name.lower(): value for name, value in headers.items()}.get("x-api-key", "")
        self.keys.append(key)
        return self._simulators.get(key, super()).answer(method, target, headers)


def tables(names: tuple[str, ...], extra: Mapping[str, str] | None = None) -> str:
    """The settings of these organizations, each with its key in a variable of its name; `extra` are more lines."""
    return "\n".join(
        f'[[organization]]\nname = "{name}"\nkey_env = "{name.upper()}_KEY"\n{(extra or {}).get(name, "")}'
        for name in names
    )


def variables(names: Iterable[str]) -> dict[str, str]:
    """The environment that has their keys."""
    return {f"{name.upper()}_KEY": key_of(name) for name in names}


def worlds(names: tuple[str, ...]) -> dict[str, World]:
    """A small organization for each name."""
    return {
        name: World(start=date(2026, 9, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=3)
        for seed, name in enumerate(names, 1)
    }
