"""The settings file: where it is, what it holds, and what of it counts.

A file that the user named, or keeps in their own configuration folder, counts whole. The tallystick.toml of the working
folder may come from anybody (a cloned repository, a shared folder), so only what is harmless in it counts until the
user trusts it: nothing that says where a key comes from, where it is sent, which command is run, or which rules hold.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tallystick.bucket_settings import bucket_of, is_url
from tallystick.errors import InvalidQuestion
from tallystick.folders import data_folder, settings_folder
from tallystick.setting_types import check_settings
from tallystick.store.bucket import Bucket
from tallystick.trust import trusted

NAME = "tallystick.toml"
PATHS = ("ledger", "prices", "owners", "people_key")
"""Settings that are paths: relative to the file that holds them."""
SOURCES = ("key_file", "key_command", "token_file", "token_command")
"""Where a credential can come from, in the order in which they are tried."""
PEOPLE = ("full", "ids", "hashed")
"""What can be kept of people, from most to least."""
_KNOWN = {
    "ledger": str,
    "people": str,
    "people_key": str,
    "prices": str,
    "owners": str,
    "owner": list,
    "budget": list,
    "event": list,
    "rule": list,
    "view": list,
    "channel": list,
    "deliver": list,
    "dashboard": str,
    "engine": str,
    "engine_ledger": str,
    "breakdowns": list,
    "keep": str,
    "bucket": dict,
    "api": dict,
    "organization": list,
}
_KNOWN_API = dict.fromkeys(("base_url", *SOURCES), str)
_WITHIN = ("prices", "owners")
"""Files that are read: a file of the working folder may name those in the folder, whose text an error can show."""
_ABROAD = ("channel", "deliver", "dashboard", "bucket")
"""What sends somewhere or writes files, or is a link in what is sent."""
_SENT = "ledger"
"""What a sync sends somewhere, where it is a URL."""
_ANSWERING = ("engine", "engine_ledger")
"""What answers questions."""
_KEYED = "organization"
"""Tables that say where a credential comes from."""
_SILENCING = ("rule",)
"""What changes the user's own rules, or switches them off."""
_DELETING = ("keep",)
"""What deletes what the ledger holds."""
_RECEIVING = ("channel", "deliver")
"""What is told of teams, each of its own."""
_DECIDING = ("ledger", "owner", "owners", "view")
"""What decides which figures these get."""
_TRUST = "Read {path}, then allow it: `tallystick trust`. Or name it: --config {path}, TALLYSTICK_CONFIG."
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a settings file holds, its paths made absolute by its own folder; `refused` holds what does not count.

    `path` is as the user knows it.
    """

    path: str
    values: Mapping[str, Any] = field(default_factory=dict)
    api: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    is_trusted: bool = True

    @property
    def folder(self) -> Path:
        """The folder that it stands in: a command of it is run there."""
        return Path(self.path).parent.absolute()


def settings_files(path: str | None) -> list[SettingsFile]:
    """The file that the user named alone; else that of the working folder, then the user's own, where they are."""
    if path:
        return [parsed(path, content(Path(path)))]
    files = []
    folder = settings_folder()
    own = folder / NAME if folder else None
    here = Path(NAME)
    if is_there(here) and not (own and is_there(own) and here.samefile(own)):
        raw = content(here)
        files.append(parsed(NAME, raw, harmless=not trusted(here, raw)))
    if own and is_there(own):
        raw = content(own)
        foreign = bool(own.stat().st_mode & stat.S_IWOTH) and os.name == "posix"  # anybody may have written it
        files.append(parsed(str(own), raw, harmless=foreign and not trusted(own, raw)))
    return files


def refusals(files: Sequence[SettingsFile], overridden: Collection[str]) -> dict[str, str]:
    """Why a setting of a file that is not trusted does not count, by what needs it; `api` for those under [api]."""
    refused: dict[str, str] = {}
    for file in files:
        count = [name for name in file.refused if name not in overridden]
        areas = dict.fromkeys(_area(name) for name in count)
        dangers = " or ".join(dict.fromkeys(map(_danger, areas)))
        problem = f"{file.path} is not trusted, so its {' and '.join(count)} cannot be used: it could {dangers}."
        refused |= dict.fromkeys(areas, f"{problem}\n{_TRUST.format(path=file.path)}")
    return refused


def deciders(files: Sequence[SettingsFile], overridden: Collection[str]) -> dict[str, str]:
    """Why the user's own channels and deliveries do not count beside a file that is not trusted, by their name.

    It could say that all that is used is a single team's, which would be sent the figures of all.
    """
    refused: dict[str, str] = {}
    for file in files:
        count = [name for name in _DECIDING if not file.is_trusted and name in file.values and name not in overridden]
        for area in _RECEIVING if count else ():
            if any(area in settings_of_file.values for settings_of_file in files):
                refused[area] = (
                    f"{file.path} is not trusted, and its {' and '.join(count)} would decide what your [[{area}]] "
                    f"is sent.\n" + _TRUST.format(path=file.path)
                )
    return refused


def api_of(files: list[SettingsFile]) -> tuple[dict[str, str], Path]:
    """What the files say of the API: the address, and the sources of a credential of one file, with its folder."""
    api: dict[str, str] = {}
    folder = Path()
    for file in reversed(files):
        if "base_url" in file.api:
            api |= {"base_url": file.api["base_url"], "from": file.path}
        if sources := {name: file.api[name] for name in SOURCES if name in file.api}:
            api = {name: api[name] for name in api if name not in SOURCES} | sources
            folder = file.folder
    return api, folder


def ledger_of(
    flag: str | Path | None, env: Mapping[str, str], files: list[SettingsFile], bucket: Mapping[str, Any]
) -> tuple[Path | Bucket | None, str]:
    """The ledger's folder or bucket, and what names it: the flag, the environment, a file, else nothing."""
    written = [(str(flag) if flag else None, "--ledger"), (env.get("TALLYSTICK_LEDGER"), "TALLYSTICK_LEDGER")]
    written += [(str(file.values["ledger"]), file.path) for file in files if "ledger" in file.values]
    path, source = next(((candidate, source) for candidate, source in written if candidate), (None, "default"))
    if path is None:
        folder = data_folder()
        return (folder / "ledger" if folder else None), source
    if is_url(path):
        return bucket_of(path, bucket, env.get("TALLYSTICK_CACHE")), source
    return beside(Path(), path, "ledger", source), source


def people_mode(files: list[SettingsFile]) -> str:
    """What is kept of people: of several files the one that keeps least."""
    for file in files:
        if (mode := file.values.get("people", "full")) not in PEOPLE:
            raise InvalidQuestion(f"{file.path} has people = {mode!r}.", f"It can be {', '.join(PEOPLE)}.")
    return max((file.values.get("people", "full") for file in files), key=PEOPLE.index, default="full")


def _area(name: str) -> str:
    """What needs a setting."""
    if name in {"base_url", *SOURCES, _KEYED}:
        return "api"
    return "engine" if name in _ANSWERING else name


def _danger(area: str) -> str:
    """What a setting of a stranger could do."""
    if area in _ANSWERING:
        return "answer with figures of its own"
    if area in _SILENCING:
        return "silence your rules"
    if area in _DELETING:
        return "delete old versions of your ledger"
    if area in {*_ABROAD, _SENT}:
        return "send what the ledger holds anywhere"
    return "take your key" if area == "api" else "read any file of yours"


def content(path: Path) -> bytes:
    """The bytes of a settings file; InvalidQuestion where it cannot be read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no path"
        raise InvalidQuestion(
            f"The settings file {path} cannot be read: {why}.", "Name a file that can be read."
        ) from None


def text_of(raw: bytes, otherwise: str = "") -> str:
    """UTF-8 as text, or what `otherwise` encodes, without the mark that Windows editors put first.

    ValueError says what it is instead.
    """
    if raw[:2] in _BOMS or b"\0" in raw:
        raise ValueError("it is UTF-16, or no text: save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        if otherwise:
            return raw.decode(otherwise, errors="replace")
        raise ValueError("it is not UTF-8") from None


def parsed(path: str, raw: bytes, *, harmless: bool = False) -> SettingsFile:
    """A settings file from its bytes; InvalidQuestion where it is no TOML or holds no setting of ours.

    With `harmless` only what may come from anybody counts, and what else there is stands in `refused`.
    """
    import tomllib

    try:
        values = tomllib.loads(text_of(raw))
    except (ValueError, RecursionError) as wrong:
        why = "it is nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)
        raise InvalidQuestion(f"The settings file {path} is not TOML: {why}.", "Correct it there.") from None
    under_api = f"Under [api] there can be {', '.join(_KNOWN_API)}."
    check_settings(path, values, _KNOWN, f"Settings are {', '.join(_KNOWN)}. {under_api}")
    check_settings(f"[api] in {path}", values.get("api", {}), _KNOWN_API, under_api)
    folder = Path(path).parent
    refused = []
    is_sent = is_url(values.get(_SENT, ""))
    for name in [name for name in PATHS if name in values and not (name == _SENT and is_sent)]:
        values[name] = beside(folder, values[name], name, path)
        if harmless and (name == "people_key" or (name in _WITHIN and not _inside(Path.cwd(), values[name]))):
            refused.append(name)
    api = values.pop("api", {})
    for name in ("key_file", "token_file"):
        if name in api:
            api[name] = str(beside(folder, api[name], name, path))
    if harmless:
        names = (_KEYED, *_ABROAD, *_ANSWERING, *_SILENCING, *_DELETING)
        refused += [*api, *(name for name in names if name in values)]
        refused += [_SENT] if is_sent else []
        api = {}
    return SettingsFile(
        path, {name: values[name] for name in values if name not in refused}, api, tuple(refused), not harmless
    )


def beside(folder: Path, written: str, name: str, path: str) -> Path:
    """A path that a setting names: relative to `folder`, `~` the user's home; InvalidQuestion where it cannot be."""
    try:
        return folder / Path(written).expanduser()
    except RuntimeError:
        raise InvalidQuestion(
            f"{name} is {written!r} in {path}, and there is no home folder.", "Write the path out."
        ) from None


def _inside(folder: Path, path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def is_there(path: Path) -> bool:
    """Whether a file is there; one that may not be looked for is not."""
    try:
        path.stat()
    except OSError:
        return False
    return True
