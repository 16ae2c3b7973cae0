"""Outlook: how good forecasts and the detection of anomalies are, on planted truth and a public series, with the seeds.

    python benchmarks/outlook.py            # prints every table
    python benchmarks/outlook.py --docs     # and writes them into docs/outlook.md and docs/anomalies.md
    python benchmarks/outlook.py --quick    # a few tuning seeds

The final seeds are for one run at the end, whatever comes out. Changes are tried on others: --simulated 2001 --plain
takes those of the simulator alone, --list names what is missed and what matches nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from outlook_anomalies import PLAIN, SIMULATED, sections
from outlook_forecast import tables
from outlook_hours import SEEDS, sentence

DOCS = Path(__file__).parent.parent / "docs"
QUICK = ((2001, 2003), ())
"""Tuning seeds of the simulator, and none of the plain world, which nothing is tuned on."""


def write(page: str, name: str, text: str) -> None:
    """Put a text into a page in the place of the last one of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = (DOCS / page).read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    (DOCS / page).write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Print the tables; with --docs write them into the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="write the tables into the pages")
    parser.add_argument("--quick", action="store_true", help="a few tuning seeds")
    parser.add_argument("--only", choices=("forecast", "anomalies"), help="one of both")
    parser.add_argument("--simulated", nargs="*", type=int, help="seeds of the simulator, for anomalies")
    parser.add_argument("--plain", nargs="*", type=int, help="seeds of the plain world, for anomalies")
    parser.add_argument("--list", action="store_true", help="print what is missed and what matches nothing")
    arguments = parser.parse_args()
    simulated, plain = QUICK if arguments.quick else (SIMULATED, PLAIN)
    texts = []
    if arguments.only != "anomalies":
        texts.append(("outlook.md", "forecast", tables(quick=arguments.quick)))
        print(texts[-1][-1])
    if arguments.only != "forecast":
        chosen = [
            default if seeds is None else seeds
            for seeds, default in ((arguments.simulated, simulated), (arguments.plain, plain))
        ]
        for generator, text in sections(*chosen, every=arguments.list):
            texts.append(("anomalies.md", f"anomalies, {generator}", text))
            print(text)
        texts.append(("anomalies.md", "anomalies, hours", sentence(simulated if arguments.quick else SEEDS)))
        print(texts[-1][-1])
    if arguments.docs:
        for page, name, text in texts:
            write(page, name, text)


if __name__ == "__main__":
    main()
