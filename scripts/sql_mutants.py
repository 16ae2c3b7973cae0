"""Change one word or operator of the SQL within a file at a time, and list the changes that no test notices.

    python scripts/sql_mutants.py tally/match tally/allocate [--sample 50]

`scripts/mutants.py` changes Python alone, and most of the tally is queries. Works on a copy, as that does.
"""

from __future__ import annotations

import ast
import io
import os
import random
import re
import subprocess
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path

from mutants import TESTS
from trial import PATIENCE, Verdicts, trials

CHANGES = (
    (" <= ", " < "),
    (" < ", " <= "),
    (" >= ", " > "),
    (" > ", " >= "),
    (" = ", " <> "),
    (" <> ", " = "),
    (" AND ", " OR "),
    (" OR ", " AND "),
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    (" // ", " % "),
    (" % ", " // "),
    (" LEFT JOIN ", " JOIN "),
    (" ANTI JOIN ", " SEMI JOIN "),
    (" SEMI JOIN ", " ANTI JOIN "),
    ("UNION ALL", "UNION"),
    ("DISTINCT ", ""),
    (" DESC", ""),
    (" IS NULL", " IS NOT NULL"),
    (" IS NOT NULL", " IS NULL"),
    ("NOT ", ""),
    ("sum(", "max("),
    ("max(", "min("),
    ("min(", "max("),
    ("bool_or(", "bool_and("),
    ("bool_and(", "bool_or("),
    ("abs(", "("),
    ("greatest(", "least("),
    (" 0", " 1"),
    (" 1", " 2"),
    (" -1", " 1"),
)
"""What is changed, and what it becomes."""
_SQL = re.compile(r"\b(SELECT|WHERE|JOIN|CASE|GROUP BY|FILTER|CREATE|INSERT)\b|::|^ AND | [*/%+]+ |\bsum\(|<=")


def changes(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield each change of the SQL of a file: its line, what it is, and the file with it."""
    starts = [0, *(match.end() for match in re.finditer("\n", source))]
    documented = {
        node.value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.STRING or token.start[0] in documented or not _SQL.search(token.string):
            continue
        begin = starts[token.start[0] - 1] + token.start[1]
        braces = _in_braces(token.string) if "f" in token.string[:2].lower() else set()
        for (old, new), match in _matches(token.string):
            if match.start() not in braces:
                index = begin + match.start()
                name = f"{old.strip()} -> {new.strip() or 'nothing'}"
                yield source.count("\n", 0, index) + 1, name, source[:index] + new + source[index + len(old) :]


def _matches(text: str) -> Iterator[tuple[tuple[str, str], re.Match[str]]]:
    """Find what can be changed; the star of a SELECT is no product."""
    for change in CHANGES:
        pattern = re.escape(change[0])
        for match in re.finditer(rf"(?<!\w){pattern}" if pattern[0].isalpha() else pattern, text):
            if not (change[0] == " * " and re.search(r"(SELECT|,)$", text[: match.start()])):
                yield change, match


def _in_braces(text: str) -> set[int]:
    """The places of an f-string that are Python."""
    places, depth, index = set(), 0, 0
    while index < len(text):
        if depth == 0 and text[index : index + 2] in {"{{", "}}"}:
            index += 2
            continue
        depth += (text[index] == "{") - (text[index] == "}")
        if depth:
            places.add(index)
        index += 1
    return places


def verdicts(name: str, sample: int | None, folder: Path) -> Verdicts:
    """Try changes of the SQL of a file, each by the tests of that file, and print what is not noticed."""
    path = folder / "src" / "tallystick" / f"{name}.py"
    source = path.read_text()
    tests = [f"tests/{test}.py" for test in TESTS[name].split()]
    environment = os.environ | {"PYTHONPATH": "src:tests", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "true"}
    environment |= {"HYPOTHESIS_PROFILE": "any failure"}
    options = ["-o", "addopts=", "-o", "filterwarnings=", "-m", "not long", "-x", "-q", "-p", "no:cacheprovider"]

    def passes(patience: float | None = None) -> bool:
        """Run the tests; TimeoutExpired where they take longer."""
        command = [sys.executable, "-m", "pytest", *options, *tests]
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=patience, check=False)
        return not run.returncode

    begin = time.monotonic()
    if not passes():
        raise SystemExit(f"{name}: the tests fail before anything is changed.")
    patience = max(PATIENCE, 5 * (time.monotonic() - begin))
    every = [*changes(source)]
    chosen = every if sample is None else random.Random(1).sample(every, min(sample, len(every)))  # noqa: S311 - a draw
    judged = Verdicts(len(chosen))
    for line, change, changed in sorted(chosen):
        path.write_text(changed)
        label = f"{name}:{line} {change}: {changed.splitlines()[line - 1].strip()}"
        try:
            if passes(patience):
                judged.survivors.append(label)
                print(label, flush=True)
        except subprocess.TimeoutExpired:
            judged.slow.append(label)
            print(f"Slow: {label}", flush=True)
    path.write_text(source)
    return judged


def main() -> int:
    """Try each file that is named; 0 always, for what survives has to be read."""
    for name, judged in trials(__doc__, TESTS, verdicts):
        print(f"{name}: of its SQL {judged}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
