"""Take the pictures of the dashboard that the documentation shows, of the demo at a fixed instant."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
NOW = "2026-11-24T15:30:00Z"
PAGES = {
    "overview-light": ("/", "light"),
    "overview-dark": ("/?by=model", "dark"),
    "team": ("/team/research", "light"),
}
SIZE = {"width": 1440, "height": 900}
COLORS = 256
"""Colors of a picture: letters and columns need no more, and it is a third of the size."""
MOST = 200_000
"""Bytes of a picture."""
BUDGET = '\n[[budget]]\nname = "Claude"\namount = "2600"\n'


@contextmanager
def dashboard(folder: Path) -> Iterator[str]:
    """The demo's dashboard; its address."""
    program = str(Path(sys.executable).with_name("tallystick"))
    subprocess.run([program, "demo", "--ledger", folder, "--now", NOW], check=True, stdout=subprocess.DEVNULL)
    config = folder / "tallystick.toml"
    config.write_text(config.read_text(encoding="utf-8") + BUDGET, encoding="utf-8")
    serve = [program, "serve", "--port", "0", "--config", str(config)]
    environment = os.environ | {"TALLYSTICK_NOW": NOW, "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Write every picture; exit where one is heavy."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    folder = tempfile.TemporaryDirectory()
    with folder, dashboard(Path(folder.name) / "demo") as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (path, look) in PAGES.items():
            page = browser.new_page(viewport=SIZE, color_scheme=look)
            page.goto(f"{base}{path}")
            page.wait_for_selector("#answers[aria-busy]", state="detached")
            file = PICTURES / f"{name}.png"
            with Image.open(io.BytesIO(page.screenshot())) as picture:
                picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)
            print(f"{file.name}: {file.stat().st_size:,} bytes")
            if file.stat().st_size >= MOST:
                sys.exit(f"{file.name} is heavier than {MOST:,} bytes.")
        browser.close()


if __name__ == "__main__":
    main()
