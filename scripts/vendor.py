"""Fetch the files that `static/vendor.toml` pins from npm, check each by its hash, write it beside its licence."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent.parent / "src" / "tallystick" / "web" / "static"
NPM = ("npm", "pack", "--silent", "--ignore-scripts")


def write(pin: dict[str, Any]) -> None:
    """Write one file and its licence; exit where its content is not what the pin says."""
    with tempfile.TemporaryDirectory() as folder:
        package = f"{pin['package']}@{pin['version']}"
        packed = subprocess.run([*NPM, package], cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as archive:
            content, licence = (_member(archive, pin[name]) for name in ("member", "licence_member"))
    if (digest := sha256(content).hexdigest()) != pin["sha256"]:
        sys.exit(
            f"{package} {pin['member']} has the hash {digest}, and {pin['sha256']} is pinned. Nothing was written."
        )
    (STATIC / pin["name"]).write_bytes(content)
    (STATIC / pin["licence_file"]).write_bytes(licence)
    print(f"{pin['name']}: {len(content):,} bytes, {pin['licence']}")


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    if file is None:
        sys.exit(f"{archive.name} has no {name}.")
    return file.read()


if __name__ == "__main__":
    for entry in tomllib.loads((STATIC / "vendor.toml").read_text(encoding="utf-8"))["file"]:
        write(entry)
