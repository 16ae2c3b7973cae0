"""Write docs/licences.md: the licence of each package that is installed with tallystick, and of the files from npm."""

from __future__ import annotations

from components import ROOT, components

PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

tallystick is under Apache-2.0. It is installed with these packages, each under the licence that its metadata states;
those of the extras too. The last ones are files of npm that the dashboard brings along, their licences beside them.
`make licences` writes this page, `make sbom` a bill of materials with versions (CycloneDX).

| package | licence |
|---|---|
"""


def page() -> str:
    """Return the page; it has no versions, so that only another package or licence changes it."""
    return HEAD + "".join(f"| [{part.name}]({part.address}) | {part.licence} |\n" for part in components())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
