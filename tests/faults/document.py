"""Writes `docs/faults.md` from what the matrix saw: `python -m faults.document FILE ...`, from the folder tests."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from faults.runner import BAD

PAGE = Path(__file__).parent.parent.parent / "docs" / "faults.md"
COLUMNS = ("ok-right", "ok-said", "ok-noted")
HEAD = """# Faults

What comes of an answer that was spoiled on its way. A proxy stands before a server of the API and spoils the answers of
one endpoint by one fault; then a ledger is synced, and `spend`, `usage`, `verify` and `reconcile` are asked. `make
faults` runs every endpoint with every fault and writes this page; `make test` runs a sample.

- **right**: the figures are those of an unspoiled sync.
- **said**: they are not, and the exit code of the sync, or of each wrong answer with `--strict`, says so.
- **noted**: each wrong answer says so in a note.
- **bad**: a traceback, a hang, a key in a message, a wrong answer without a word of its own, something that had to be
  said and was not, a fault without weight that stopped a sync, or figures that a later sync did not bring back.
"""


def document(results: list[dict[str, Any]]) -> str:
    """Count the verdicts by endpoint and by kind of fault."""
    cells = [result for result in results if result["verdict"] != "not-asked"]
    total = f"{len(cells):,} cells, {len({(r['kind'], r['fault']) for r in cells}):,} faults."
    parts = [HEAD, total]
    for title, column in (("endpoint", "endpoint"), ("kind of fault", "kind")):
        lines = [f"| {title} | cells | right | said | noted | bad |", "|---|--:|--:|--:|--:|--:|"]
        for name in dict.fromkeys(sorted(result[column] for result in cells)):
            counts = Counter(result["verdict"] for result in cells if result[column] == name)
            shown = [sum(counts.values()), *(counts[verdict] for verdict in COLUMNS)]
            lines.append(f"| {name} | {' | '.join(map(str, shown))} | {sum(counts[verdict] for verdict in BAD)} |")
        parts.append("\n".join(lines))
    bad = [result for result in cells if result["verdict"] in BAD]
    names = [f"- {r['verdict']}: {r['endpoint']}, {r['fault']} ({r['way']}, {r['backend']})" for r in bad]
    parts.append("\n".join(["Bad today:", "", *sorted(names)]) if bad else "None is bad.")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def main() -> None:
    """Read the files that are named, the newest result of each cell last, and write the page."""
    newest: dict[tuple[str, ...], dict[str, Any]] = {}
    for name in sys.argv[1:]:
        for line in Path(name).read_text().splitlines():
            result = json.loads(line)
            newest[result["backend"], result["endpoint"], result["kind"], result["fault"], result["way"]] = result
    PAGE.write_text(document(list(newest.values())))


if __name__ == "__main__":
    main()
