"""Where a credential comes from: the environment, a file, or a command that prints it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tallystick.api.credential import Credential
from tallystick.api.secret import Secret
from tallystick.errors import InvalidQuestion
from tallystick.settings_file import SOURCES, text_of

KEYS = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")
TOKEN = "ANTHROPIC_OAUTH_TOKEN"  # noqa: S105 - the name of a variable
PATIENCE = 60.0
"""Seconds that a command may take: somebody may have to touch a key."""


def from_environment(secrets: Mapping[str, str]) -> Credential | None:
    """The credential of the environment: an Admin key before an OAuth token."""
    for name in (*KEYS, TOKEN):
        if secret := secrets.get(name):
            return Credential(secret, bearer=name == TOKEN, source=name)
    return None


def from_variable(name: str, variable: Callable[[str], str | None], *, bearer: bool) -> Credential:
    """The credential that a variable of the environment holds; InvalidQuestion where it is not set."""
    if (secret := variable(name)) is None:
        raise InvalidQuestion(f"There is no credential: the variable {name} is not set.", "Set it.")
    return Credential(secret, bearer=bearer, source=f"the variable {name}")


def from_file(api: Mapping[str, str], folder: Path) -> Credential | None:
    """The credential that a settings file names, read again when the API no longer takes it.

    `folder` is that of the settings file: a command is run there. InvalidQuestion where the source gives none.
    """
    for name in SOURCES:
        if name not in api:
            continue
        value, bearer = api[name], name.startswith("token")
        read = _of_file(value, name) if name.endswith("file") else _of_command(value, name, folder)
        source = f"the file {value}" if name.endswith("file") else name
        return Credential(read(), bearer=bearer, source=source, renew=read)
    return None


def secret_of(
    table: Mapping[str, Any], name: str, variable: Callable[[str], str | None], folder: Path
) -> Secret | None:
    """The secret that a table of the settings names, read now: NAME_env, NAME_file, NAME_command, or NAME itself.

    Paths are relative to `folder`, and commands are run there. InvalidQuestion where the source gives none.
    """
    noun = "address" if name == "url" else name
    if setting := table.get(f"{name}_env"):
        if (value := variable(setting)) is None:
            raise InvalidQuestion(f"There is no {noun}: the variable {setting} is not set.", f"Set it, or {name}_file.")
        return Secret(value, f"the variable {setting}", noun)
    if setting := table.get(f"{name}_file"):
        path = folder / Path(setting).expanduser()
        return Secret(read_text(path, "file", f"{name}_file"), f"the file {path}", noun)
    if setting := table.get(f"{name}_command"):
        return Secret(printed(setting, f"{name}_command", folder), f"{name}_command", noun)
    return Secret(table[name], f"the setting {name}", noun) if name in table else None


def read_text(path: Path, noun: str, setting: str, otherwise: str = "") -> str:
    """The text of a file that a setting names, UTF-8 or `otherwise`; InvalidQuestion where it cannot be read."""
    try:
        return text_of(path.read_bytes(), otherwise)
    except (OSError, ValueError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise InvalidQuestion(f"The {noun} {path} cannot be read: {why}.", f"Correct `{setting}`.") from None


def _of_file(path: str, setting: str) -> Callable[[], str]:
    noun = "token file" if setting.startswith("token") else "key file"
    return lambda: read_text(Path(path), noun, setting)


def _of_command(command: str, setting: str, folder: Path) -> Callable[[], str]:
    return lambda: printed(command, setting, folder)


def printed(command: str, setting: str, folder: Path, patience: float = PATIENCE) -> str:
    """What a command prints, run without a shell in `folder`; InvalidQuestion says how it failed, and not what it said.

    Its output may hold the credential, its error stream too. A program is looked for on PATH, never in the folder
    that the user happens to stand in.
    """
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
        program = _program(words[0], folder)
        with (
            subprocess.Popen(  # noqa: S603 - the user's own command, from settings that the user trusts, no shell
                [program, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
            ) as process
        ):
            try:
                output, _ = process.communicate(timeout=patience)
            except BaseException:  # a timeout, or Ctrl-C: do not wait for whoever still holds the pipe
                process.kill()
                if process.stdout:
                    process.stdout.close()
                raise
        if process.returncode:
            raise _failed(setting, f"it ended with exit code {process.returncode}")
        return text_of(output)
    except subprocess.TimeoutExpired:
        raise _failed(setting, f"it did not end within {patience:.0f} s") from None
    except OSError as wrong:
        raise _failed(setting, wrong.strerror or type(wrong).__name__) from None
    except (ValueError, IndexError) as wrong:
        why = "what it printed is not UTF-8 text" if "UTF-" in str(wrong) else "it is no command"
        raise _failed(setting, why) from None


def _program(name: str, folder: Path) -> str:
    """The program as an absolute path; FileNotFoundError where PATH has none."""
    if not name:
        raise ValueError("no command")
    if {os.sep, os.altsep} & set(name):
        return str(folder / Path(name).expanduser())
    places = [directory for directory in os.get_exec_path() if Path(directory).is_absolute()]
    program = shutil.which(name, path=os.pathsep.join(places))
    if program is None or not Path(program).is_absolute():
        raise FileNotFoundError(2, f"there is no program {name} on PATH")
    return program


def _failed(setting: str, why: str) -> InvalidQuestion:
    return InvalidQuestion(
        f"{setting} failed: {why}.",
        "Run the command by hand: its output is not shown here, as it may hold the credential.",
    )


def missing(organizations: int) -> InvalidQuestion:
    """The error of a command that asks the API and has no credential, beside so many `[[organization]]` tables."""
    if organizations:
        return InvalidQuestion(
            f"This asks the API of one organization, and the settings have {organizations} [[organization]].",
            f"Set {KEYS[0]} (or {TOKEN}) to the credential of the one to ask.",
        )
    return InvalidQuestion(
        "There is no Admin key to ask the API with.",
        f"Set {KEYS[0]} (or {TOKEN}), or put key_file, key_command or token_command under [api] in "
        "tallystick.toml. An organization's admins make Admin keys in the Console; `tallystick demo` needs none.",
    )
