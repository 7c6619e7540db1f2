"""Runs one measurement in a process of its own. In: a module and its arguments. Out: what it says on its last line.

Each gets its own memory, garbage and caches, so that nothing measured before it shows in its figures.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

LONGEST = 3_600.0
"""Seconds that one measurement may take."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Seconds of processor time, all threads together."""
    peak: float
    """The most memory that its process has held by its end, in MB of 10⁶ bytes."""
    before: float
    """The most that it had held when the measurement began: the interpreter and what it imported."""


def measured(module: str, *arguments: object) -> dict[str, Any]:
    """Run `python -m MODULE ARGUMENTS…` and return the JSON object on its last line."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"{module} {' '.join(map(str, arguments))} failed:\n{ended.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


Measure = Callable[..., Cost]
"""Gives the cost of a module with its arguments."""


def cost_of(module: str, *arguments: object) -> Cost:
    """As `measured`, of a module that tells what it took."""
    return Cost(**measured(module, *arguments))


def tell(cost: Cost) -> None:
    """In the child: say what it took."""
    print(json.dumps(asdict(cost)))


@contextmanager
def measuring() -> Iterator[Callable[[], Cost]]:
    """In the child: what the block took, to be asked for after it."""
    before, cpu, start = peak(), time.process_time(), time.perf_counter()
    cost: list[Cost] = []
    yield lambda: cost[0]
    cost.append(Cost(time.perf_counter() - start, time.process_time() - cpu, peak(), before))


def peak() -> float:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: its figure begins with the size of whoever started this process.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
