"""`python -m bench [--quick] [--only PART …]`: measures everything, prints the tables, writes `bench/results.md`.

With `--quick` a million rows are left out and rounds are fewer. With `--only` nothing is written.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import growth, pacing, release_path, startup
from bench.machine import description
from bench.tables import Table

RESULTS = Path(__file__).with_name("results.md")


def parts(*, quick: bool) -> dict[str, Callable[[], Sequence[Table]]]:
    """Every part of the bench, by the word that `--only` takes."""
    effort = release_path.Effort(numbers=1_500, rounds=3) if quick else release_path.Effort()
    sizes = growth.SIZES[:-1] if quick else growth.SIZES
    return {
        "release": lambda: [release_path.measure(effort)],
        "pacing": lambda: [pacing.measure(pacing.SIZES)],
        "growth": lambda: growth.measure(sizes),
        "startup": lambda: [startup.measure(5 if quick else 15)],
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures what decom costs, and ratios.")
    parser.add_argument("--quick", action="store_true", help="leave out a million rows, and measure less often")
    parser.add_argument("--only", action="append", choices=sorted(parts(quick=True)), help="this part alone")
    given = parser.parse_args()
    start = time.perf_counter()
    pieces = [_head(quick=given.quick)]
    print(pieces[0], flush=True)
    for word, measure in parts(quick=given.quick).items():
        if given.only is None or word in given.only:
            for table in measure():
                pieces.append(str(table))
                print(table, flush=True)
    pieces.append(f"Measured in {(time.perf_counter() - start) / 60:.0f} minutes.\n")
    if given.only is None:
        RESULTS.write_text("\n".join(pieces), encoding="utf-8")


def _head(*, quick: bool) -> str:
    facts = "\n".join(f"- {fact}" for fact in description())
    kind = " (quick)" if quick else ""
    day = datetime.now(UTC).date().isoformat()
    return f"# What decom costs, measured{kind}\n\n`make bench` wrote this on {day}, on loopback, on:\n\n{facts}\n"


if __name__ == "__main__":
    main()
