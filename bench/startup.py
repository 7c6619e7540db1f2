"""How long it takes until something shows. In: how often to measure. Out: `decom` beside the bare libraries."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from statistics import median

from bench.children import ROOT
from bench.tables import Table, verdict

BARE = "python -c 'import typer, rich'"
HELP = "decom --help"
USAGE_ERROR = "decom plan --no-such-flag"
COMMANDS: Mapping[str, Sequence[str]] = {
    "python -c 'pass'": ("-c", "pass"),
    BARE: ("-c", "import typer, rich"),
    HELP: ("-m", "decom", "--help"),
    "decom --version": ("-m", "decom", "--version"),
    "decom runs": ("-m", "decom", "runs"),
    USAGE_ERROR: ("-m", "decom", "plan", "--no-such-flag"),
}
MOST_TIMES_BARE = 2.0


def measure(times: int, commands: Mapping[str, Sequence[str]] = COMMANDS) -> Table:
    """Every command in turn, again and again; medians. `BARE` and `HELP` must be among `commands`."""
    with tempfile.TemporaryDirectory(prefix="decom-bench-") as home:
        environment = {**os.environ, "DECOM_HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(times + 1):
            for name, arguments in commands.items():
                took[name].append(_once(arguments, environment, 2 if name == USAGE_ERROR else 0))
    # The first round only warms the disk's cache.
    seconds = {name: median(wall for wall, _ in found[1:]) for name, found in took.items()}
    cpu = {name: median(used for _, used in found[1:]) for name, found in took.items()}
    lines = [
        (name, f"{seconds[name] * 1e3:,.0f}", f"{cpu[name] * 1e3:,.0f}", f"{cpu[name] / cpu[BARE]:.2f}")
        for name in commands
    ]
    ratio = cpu[HELP] / cpu[BARE]
    reached = verdict(reached=ratio <= MOST_TIMES_BARE)
    note = f"`decom --help` ≤ {MOST_TIMES_BARE:g} × a bare import of typer and rich: {ratio:.2f} by CPU, {reached}."
    return Table(f"Start-up, {times} times each", ("command", "ms", "CPU ms", "CPU ÷ bare"), lines, [note])


def _once(arguments: Sequence[str], environment: Mapping[str, str], expected: int) -> tuple[float, float]:
    """Seconds by the clock, and of processor time. Raises RuntimeError for another exit code than is expected."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != expected:
        raise RuntimeError(f"{' '.join(arguments)} ended with {child.returncode} instead of {expected}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime
