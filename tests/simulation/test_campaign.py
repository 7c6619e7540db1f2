"""Many nights, each by its seed. In: `DECOM_SEEDS` (`0-2000`). Out: a table; no promise broken, nothing never seen.

`make simulate` runs the long form; one night is replayed by `python -m tests.simulation SEED`.
"""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.simulation.loop import no_longer_than
from tests.simulation.night import live
from tests.simulation.scenario import scenario
from tests.simulation.tally import Tally

SEEDS = os.environ.get("DECOM_SEEDS", "0-150")
"""First and last but one; read before the tests' clean environment."""
LONGEST = 30.0
"""Seconds of processor time for one night; most take 0.04."""
ENOUGH = 2_000
"""Nights after which everything must have happened once."""


@pytest.mark.timeout(3_600)
def test_no_night_breaks_a_promise(memory_path: Path):
    first, last = map(int, SEEDS.split("-"))
    tally = Tally()
    began = time.process_time()
    for seed in range(first, last):
        folder = memory_path / str(seed)
        try:
            with no_longer_than(LONGEST):
                tally.add(live(scenario(seed), folder))
        except BaseException as error:
            error.add_note(f"in the night of seed {seed}: python -m tests.simulation {seed}")
            raise
        shutil.rmtree(folder)
    print(f"\n{tally.table()}\n{time.process_time() - began:.0f} s of processor time")
    assert tally.broken == [], tally.table()
    if tally.nights >= ENOUGH:
        assert tally.never() == []
