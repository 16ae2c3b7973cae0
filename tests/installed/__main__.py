"""What is published works where it is installed: `python -m installed`, from the folder tests (`make check-install`).

The wheel is built from the sdist and installed in clean environments: the base under the oldest Python, with every
extra under each Python that is here, and with the lowest versions that pyproject.toml allows. Needs uv on the PATH.
Where no package can be fetched, that is said, and what could not be checked is no failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DAY = "2026-11-22T09:30:00Z"
QUICK = ("test_public.py", "test_catalog.py", "core/test_question.py", "formats/test_xlsx.py", "formats/test_pdf.py")
"""Tests of what the libraries do for us, few enough for each push."""
CERTIFICATES = {"UV_SYSTEM_CERTS": "1"}
"""uv trusts whom the machine trusts, as pip does: a proxy may have a certificate of its own."""
UNREACHABLE = ("error sending request", "dns error", "failed to lookup", "Connection refused", "operation timed out")


FAILED, SKIPPED = "FAILED", "NOT CHECKED"


class Failed(Exception):
    """A command that did not do what it should."""


class NotReached(Exception):
    """The package index does not answer."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment, and the home and folder that its commands run in."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def tallystick(self, *words: str, code: int = 0) -> str:
        """Run the installed command; what it printed. Failed where the exit code is another."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        keep = {"PATH": os.environ["PATH"], "HOME": str(home), "TALLYSTICK_NOW": DAY, "COLUMNS": "100"}
        return run(str(self.folder / "bin" / "tallystick"), *words, code=code, environment=keep, folder=home)


def run(*words: str, code: int = 0, environment: dict[str, str] | None = None, folder: Path = ROOT) -> str:
    """Run a command; what it printed, errors too."""
    environment = {**os.environ, **CERTIFICATES} if environment is None else environment
    done = subprocess.run(  # noqa: S603 - our own commands
        words, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != code and any(sign in done.stdout for sign in UNREACHABLE):
        raise NotReached(done.stdout.strip().splitlines()[-1])
    if done.returncode != code:
        raise Failed(f"{' '.join(words)}: exit code {done.returncode}, not {code}\n{done.stdout[-4000:]}")
    return done.stdout


def created(folder: Path, python: str, *requirements: str) -> Environment:
    """Return a new environment of that Python with these packages."""
    run("uv", "venv", "--quiet", "--python", python, str(folder))
    environment = Environment(folder)
    run("uv", "pip", "install", "--quiet", "--python", environment.python, *requirements)
    return environment


def pythons() -> dict[str, str]:
    """Return the Pythons of this machine by version; nothing is downloaded."""
    paths = {}
    for version in PYTHONS:
        root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        managed = sorted(root.glob(f"{version}.*/bin/python{version}"))
        path = str(managed[-1]) if managed else shutil.which(f"python{version}")
        if path:
            paths[version] = path
    return paths


def lock() -> None:
    """uv.lock fits pyproject.toml."""
    run("uv", "lock", "--check", "--quiet")


def built(folder: Path) -> None:
    """Build the wheel from the sdist, as an index has both."""
    run("uv", "build", "--quiet", "--out-dir", str(folder))


def repeated(folder: Path) -> None:
    """The same source makes the same wheel and sdist, byte for byte."""
    epoch = {**os.environ, **CERTIFICATES, "SOURCE_DATE_EPOCH": "1796083200"}
    built_files = []
    for name in ("first", "second"):
        run("uv", "build", "--quiet", "--out-dir", str(folder / name), environment=epoch)
        built_files.append({file.name: file.read_bytes() for file in (folder / name).glob("tallystick-*")})
    assert built_files[0], "nothing was built"
    assert built_files[0] == built_files[1], "two builds of one source differ"


def smoke(environment: Environment, *, pdf: bool) -> None:
    """The first commands of a newcomer, on the demo: screen, questions, pages, files."""
    assert "0.1.0" in environment.tallystick("--version")
    assert "budgets" in environment.tallystick("docs")
    assert "--by day" in environment.tallystick("docs", "ask")
    ledger = ("--ledger", str(environment.folder / "ledger"))
    assert "month to date" in environment.tallystick("demo", *ledger)
    assert "total" in environment.tallystick("spend", "--by", "key", "--top", "5", *ledger)
    for ending in ("json", "csv", "md", "html", "xlsx", "parquet"):
        environment.tallystick("spend", "--output", f"spend.{ending}", *ledger)
    environment.tallystick("summary", "--month", "2026-10", "--output", "october.html", *ledger)
    refused = environment.tallystick("spend", "--output", "spend.pdf", *ledger, code=0 if pdf else 2)
    assert pdf or "pip install 'tallystick[pdf]'" in refused
    if not pdf:
        pushed = environment.tallystick("metrics", "--otlp", "http://127.0.0.1:9", *ledger, code=2)
        assert "pip install 'tallystick[otlp]'" in pushed
        assert "pip install 'tallystick[mcp]'" in environment.tallystick("mcp", *ledger, code=2)
    assert "tallystick_cost_usd" in environment.tallystick("metrics", *ledger)
    assert "ok" in environment.tallystick("verify", *ledger)


def lowest(folder: Path, wheel: Path, python: str) -> None:
    """The wheel with the lowest versions that pyproject.toml allows, and the quick tests."""
    pinned = folder / "lowest.txt"
    low = ("--no-deps", "--resolution", "lowest-direct", "--all-extras", "--python", python)  # what those need is free
    run("uv", "pip", "compile", "--quiet", *low, "pyproject.toml", "--output-file", str(pinned))
    environment = created(folder / "lowest", python, f"{wheel}[all]", "--requirements", str(pinned))
    run(
        "uv",
        "pip",
        "install",
        "--quiet",
        "--python",
        environment.python,
        "--constraints",
        str(pinned),
        "--group",
        "dev",
    )
    smoke(environment, pdf=True)
    run(environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{name}" for name in QUICK))


def verdict(check: Callable[[], object]) -> str:
    """Do a check; how it ended, in a line, and how long it took."""
    start = time.monotonic()
    try:
        check()
        ended = "ok"
    except NotReached as reason:
        ended = f"{SKIPPED}: the package index cannot be reached ({reason})"
    except (Failed, AssertionError, ValueError) as reason:
        ended = f"{FAILED}: {reason or reason!r}"
    return f"{ended} ({time.monotonic() - start:.0f} s)"


def main() -> int:
    """Check everything, two environments at a time; 1 where anything failed."""
    paths = pythons()
    oldest = paths[min(paths, key=PYTHONS.index)]
    verdicts = []

    def report(title: str, ended: str) -> None:
        verdicts.append(ended)
        print(f"{title}: {ended}", flush=True)

    with tempfile.TemporaryDirectory(prefix="tallystick-install-") as name:
        folder = Path(name)

        def wheel() -> Path:
            wheels = [*(folder / "dist").glob("*.whl")]
            if not wheels:
                raise NotReached("no wheel was built")
            return wheels[0]

        report("uv.lock fits pyproject.toml", verdict(lock))
        report("the wheel, built from the sdist", verdict(lambda: built(folder / "dist")))
        report("a second build is the same, byte for byte", verdict(lambda: repeated(folder)))
        checks = {
            "the lowest versions that are allowed": lambda: lowest(folder, wheel(), oldest),
            "the base alone": lambda: smoke(created(folder / "base", oldest, str(wheel())), pdf=False),
        }
        for version, python in paths.items():
            checks[f"every extra under Python {version}"] = lambda version=version, python=python: smoke(
                created(folder / version, python, f"{wheel()}[all]"), pdf=True
            )
        with ThreadPoolExecutor(2) as pool:
            for title, ended in zip(checks, pool.map(verdict, checks.values()), strict=True):
                report(title, ended)
    for version in PYTHONS:
        if version not in paths:
            print(f"every extra under Python {version}: there is no Python {version} here")
    failed, skipped = (sum(ended.startswith(word) for ended in verdicts) for word in (FAILED, SKIPPED))
    print(f"{len(verdicts) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
