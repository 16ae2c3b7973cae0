"""Coders: who uses Claude Code besides the people who sign in and pay by the token. Options of a world.

Keys of the workspace "Claude Code" are billed as any key. People with a seat pay for the seat: their use is in no
report but that of Claude Code, and often not there (reports-api 1.3.3, 1.4 and 6 item 22).
"""

from __future__ import annotations

import string
from datetime import timedelta
from random import Random

from tallystick.sim.world.organization import Key, Organization
from tallystick.sim.world.streams import Stream, Variant

_VARIANTS = (Variant(900), Variant(100, speed="fast"))
_NAMES = ("claude-code-ci", "claude-code-review")
_LETTERS = string.ascii_letters + string.digits
_SIGNED_IN = 4  # so many people use Claude Code by the token; seats are for those after them


def new_keys(organization: Organization, seed: int, count: int) -> tuple[Key, ...]:
    """So many more keys, in the workspace "Claude Code"; from the third on, a name comes again. ValueError below 0."""
    if count < 0:
        raise ValueError(f"a world has no {count} coding keys")
    rng = Random(f"{seed}:coding keys")  # noqa: S311 - repeatable, not secret
    last = organization.keys[-1].created_at

    def letters(length: int) -> str:
        return "".join(rng.choices(_LETTERS, k=length))

    return tuple(
        Key(
            id=f"apikey_01{letters(22)}",
            name=_NAMES[index % len(_NAMES)],
            workspace=organization.coding.id,
            status="active",
            created_at=last + timedelta(hours=index + 1),
            created_by=organization.users[index % _SIGNED_IN].id,
            hint=f"sk-ant-api03-{letters(3)}...{letters(4)}",
        )
        for index in range(count)
    )


def key_streams(keys: tuple[Key, ...], volume: int) -> tuple[Stream, ...]:
    """A stream for each of these keys; `volume` is the mean of requests on a working day."""
    return tuple(
        Stream(key.workspace, "sonnet", volume, 25_000, 500, _VARIANTS, key=key.id, cached=900, office=False)
        for key in keys
    )


def seat_streams(organization: Organization, count: int, volume: int) -> tuple[Stream, ...]:
    """A stream for each person with a seat; ValueError where there are not so many people."""
    people = organization.users[_SIGNED_IN:]
    if not 0 <= count <= len(people):
        raise ValueError(f"a world has 0 to {len(people)} seats, not {count}")
    return tuple(
        Stream(organization.coding.id, "opus", volume, 40_000, 600, _VARIANTS, account=user.id, cached=920, hourly=True)
        for user in people[:count]
    )
