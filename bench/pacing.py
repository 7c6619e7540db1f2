"""How near to the limit we stand, on a virtual clock. In: amounts of numbers. Out: a table, a line a kind of limit."""

from collections.abc import Sequence

from bench.tables import Table, verdict
from tests.dialnexa.limits import Efficiency, Scenario, efficiencies, simulate
from tests.service.limits import ANNOUNCING, SILENT

SIZES = (1_000, 10_000)
MOST = {1_000: 1.12, 10_000: 1.02}
"""Time taken ÷ ideal time, at most."""
FEW = 100
"""Numbers that fit into one window."""
SLEEP = 0.4
"""Seconds between two requests of a script that keeps to 150 a minute."""


def measure(sizes: Sequence[int]) -> Table:
    """The worst of all styles in which a limit is announced, and of those in which it is not."""
    lines: dict[str, list[str]] = {}
    judged = []
    for requests in sizes:
        found = efficiencies(requests)
        told = [one for one in found if one.style in ANNOUNCING]
        for kind in dict.fromkeys(one.kind for one in found):
            cells = lines.setdefault(kind, [])
            for styles in (ANNOUNCING, SILENT):
                cells += _worst([one for one in found if one.kind == kind and one.style in styles])
        judged.append(_judged(told, requests))
    header = ["limit, 150 a minute"]
    for requests in sizes:
        header += [f"{requests:,}: announced", "429s", "not announced", "429s"]
    silent = max((one for one in found if one.style in SILENT), key=lambda one: one.ratio)
    few = simulate(Scenario(requests=FEW))
    notes = [
        f"Time taken ÷ the least that any client could take; the worst of {len(ANNOUNCING)} styles of announcing it,"
        f" and of {len(SILENT)} of not doing so; and the most 429s in any of them. Simulated: 32 workers, answers after"
        " 0.05 to 0.45 s, no reserve; past the limit the key is blocked for a minute.",
        *judged,
        f"Not announced, {silent.requests:,} numbers: at most {silent.ratio:.3f} × ideal ({silent.kind}), and at most"
        f" {max(one.throttled for one in found if one.style in SILENT)} 429s: the ideal is that of a client which knows"
        " when the clock's window ends, and nobody told us.",
        f"{FEW} numbers under 150 a minute: {few.seconds:.1f} s; a script that sleeps {SLEEP} s between two takes"
        f" {FEW * SLEEP:.0f} s and more.",
    ]
    rows = [(kind, *cells) for kind, cells in lines.items()]
    return Table("Pacing", tuple(header), rows, notes)


def _worst(found: Sequence[Efficiency]) -> list[str]:
    return [f"{max(one.ratio for one in found):.3f}", str(max(one.throttled for one in found))]


def _judged(told: Sequence[Efficiency], requests: int) -> str:
    worst = max(told, key=lambda one: one.ratio)
    refused = max(one.throttled for one in told)
    target = f"{requests:,} numbers, announced: no 429: at most {refused}, {verdict(reached=refused == 0)}"
    most = MOST.get(requests)
    if most is None:
        return f"{target}."
    over = sum(1 for one in told if one.ratio > most)
    where = "" if over == 0 else f" ({over} of {len(told)} above; the worst: {worst.kind}, {worst.style})"
    return f"{target}; ≤ {most} × ideal: at most {worst.ratio:.3f}, {verdict(reached=over == 0)}{where}."
