"""The path of one release, ours beside what else people could use. In: how long to measure. Out: a table of ratios."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from bench.children import ROOT, Cost, Measure, cost_of
from bench.tables import Table, verdict

NAMES = {
    "ours": "decom: a whole part, ledger on disk",
    "client_per_worker": "(a) bare httpx loop, a client per worker",
    "client_per_worker_without_searches": "(a′) the same, sniffio's absence remembered",
    "shared_pool": "(b) bare httpx loop, one shared pool",
    "curl": "(c) curl --parallel",
    "raw_sockets": "raw sockets: the server's ceiling",
}
SLEEPER = "(d) script with a fixed sleep of 0.4 s"

LEAST_OF_A = 0.8
LEAST_OF_B = 2.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure."""

    numbers: int = 3_000
    rounds: int = 5
    concurrencies: tuple[int, ...] = (16, 64)
    slept: int = 15
    """Numbers for the script that sleeps; its rate does not depend on them."""


@dataclass(slots=True)
class _Results:
    """What the rounds took: for each contestant, one cost a round."""

    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def rate(self, name: str, numbers: int) -> float:
        return median(numbers / cost.seconds for cost in self.costs[name])

    def cpu(self, name: str, numbers: int) -> float:
        """Microseconds of processor time a number."""
        return median(cost.cpu / numbers * 1e6 for cost in self.costs[name])

    def times_faster(self, name: str) -> float:
        """Ours ÷ theirs, each round by itself: what disturbs a round disturbs both."""
        pairs = zip(self.costs[name], self.costs["ours"], strict=True)
        return median(theirs.seconds / ours.seconds for theirs, ours in pairs)

    def cheaper(self, name: str) -> float:
        pairs = zip(self.costs[name], self.costs["ours"], strict=True)
        return median(theirs.cpu / ours.cpu for theirs, ours in pairs)


def measure(effort: Effort, cost_of: Measure = cost_of) -> Table:
    """Every contestant in turn, round after round, against the same server."""
    rows: list[tuple[str, ...]] = []
    notes = [
        f"{effort.numbers:,} numbers, {effort.rounds} rounds, contestants in turn, medians; each in a process of its"
        " own, against a server of a few lines in another. The ratios are those of the same round. CPU is the client's"
        " own: what other programs do on the machine shows less in it.",
        "Ours lists the account, asks for conflicts, paces, and has an intent and an outcome on the disk for every"
        " number; the others only send.",
    ]
    with serving(effort.numbers) as port:
        for concurrency in effort.concurrencies:
            results = _measured(cost_of, effort, port, concurrency)
            rows += _lines(results, effort.numbers, concurrency)
            if concurrency == max(effort.concurrencies):
                notes.append(_judged(results, concurrency))
        slept = cost_of("bench.contestants", "fixed_sleep", port, effort.slept, 1)
    ours = results.rate("ours", effort.numbers)
    rate = effort.slept / slept.seconds
    rows.append(("1", SLEEPER, f"{rate:,.1f}", f"{slept.cpu / effort.slept * 1e6:,.0f}", f"{ours / rate:,.0f}", ""))
    if "curl" not in results.costs:
        notes.append("There is no curl on this machine, so (c) was left out.")
    header = ("at once", "contestant", "numbers/s", "CPU µs/number", "ours ÷ it", "its CPU ÷ ours")
    return Table("The release path", header, rows, notes)


def _measured(cost_of: Measure, effort: Effort, port: int, concurrency: int) -> _Results:
    results = _Results()
    names = [name for name in NAMES if name != "curl" or shutil.which("curl") is not None]
    for _ in range(effort.rounds):
        for name in names:
            cost = cost_of("bench.contestants", name, port, effort.numbers, concurrency)
            results.costs.setdefault(name, []).append(cost)
    return results


def _lines(results: _Results, numbers: int, concurrency: int) -> Iterator[tuple[str, ...]]:
    for name in results.costs:
        yield (
            str(concurrency),
            NAMES[name],
            f"{results.rate(name, numbers):,.0f}",
            f"{results.cpu(name, numbers):,.0f}",
            f"{results.times_faster(name):.2f}",
            f"{results.cheaper(name):.2f}",
        )


def _judged(results: _Results, concurrency: int) -> str:
    of_a, of_b = results.times_faster("client_per_worker"), results.times_faster("shared_pool")
    return (
        f"At {concurrency}: ours ≥ {LEAST_OF_A} of (a): {of_a:.2f}, {verdict(reached=of_a >= LEAST_OF_A)}."
        f" Ours ≥ {LEAST_OF_B:g} × (b): {of_b:.2f}, {verdict(reached=of_b >= LEAST_OF_B)}."
        f" The server answers raw sockets {1 / results.times_faster('raw_sockets'):.0f} times as fast as ours asks, so"
        " it is nobody's limit."
    )


@contextmanager
def serving(numbers: int) -> Iterator[int]:
    """The server in a process of its own; gives its port."""
    command = [sys.executable, "-m", "bench.peer", str(numbers)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait(10)
