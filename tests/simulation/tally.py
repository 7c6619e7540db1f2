"""What a campaign of nights came to. In: nights. Out: a table, and what never happened although it should have.

A simulation that never meets a fault proves nothing about it: every kind of trouble, every word of the report and
every exit code that can be reached must have been seen.
"""

from collections import Counter
from dataclasses import dataclass, field

from decom.vocabulary import Evidence, ExitCode, Outcome, Stopped
from tests.service.gateways import GATEWAYS
from tests.service.shapes import CALLS, ENVELOPES
from tests.simulation import cells
from tests.simulation.faults import DELETES, READS
from tests.simulation.night import Night
from tests.simulation.scenario import BESIDE, BETWEEN, CHANGES, REHEARSALS, ROBBED, SIGNALS
from tests.simulation.voice import ILLS

STRIKES = ("kill", *SIGNALS, *BESIDE, *ROBBED)
FORMS = (
    *(f"list as {name}" for name in ENVELOPES),
    *(f"list as {name}, unpaged" for name in ("list", "wrapped_list")),
    *(f"calls as {name}" for name in (*ENVELOPES, *CALLS)),
    "limit refused",
    "key echoed",
)
"""The forms in which the service answers."""
TROUBLES = (
    *DELETES, *READS, *STRIKES, *CHANGES, *FORMS, *BETWEEN, *cells.KINDS,
    *(f"gateway {name}" for name in GATEWAYS),
    *(f"ill: {name}" for name in ILLS),
    *(f"rehearsal {what}" for what in REHEARSALS),
    *("operations column", "operations only", "operations ignored", "headed", "rewritten", "changed"),
    *("held in a pause", "one is locked"),
)  # fmt: skip
"""Everything that can go wrong, and must have."""

ELSEWHERE = (Stopped.BUG,)
"""Reasons to stop that no fault brings about."""

EVIDENCE = [str(word) for word in Evidence if word is not Evidence.STOPPED]
REASONS = [f"{Evidence.STOPPED}:{why}" for why in Stopped if why not in ELSEWHERE]
STATES = [
    *(
        f"{name} {state}"
        for name in ("campaigns", "batch-calls")
        for state in ("checked", "not_applicable", "not_checked")
    ),
    "workflows refused_by_service",
]
"""What plans said of the sources of conflicts."""
CODES = [int(code) for code in ExitCode if code not in (ExitCode.BUG, ExitCode.BAD_INPUT)]
"""1 and 2 come of bugs, broken disks and unusable files; other tests see them."""


@dataclass(slots=True)
class Tally:
    """Counts over many nights."""

    nights: int = 0
    commands: int = 0
    requests: int = 0
    removals: int = 0
    hours: float = 0.0
    """Of virtual time."""
    troubles: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    broken: list[tuple[int, str]] = field(default_factory=list)
    """Seed and promise."""

    def add(self, night: Night) -> None:
        """One more night."""
        self.nights += 1
        self.commands += len(night.ends)
        self.requests += len(night.service.log)
        self.removals += len(night.service.world.removals)
        self.hours += night.ends[-1][1].at / 3_600
        self.troubles.update(night.service.faults.seen)
        self.words.update(night.words)
        self.codes.update(night.exit_codes)
        self.broken += [(night.scenario.seed, broken) for broken in night.broken]

    def never(self) -> list[str]:
        """What was not seen once."""
        troubles = [kind for kind in TROUBLES if self.troubles[kind] == 0]
        words = [word for word in (*map(str, Outcome), *EVIDENCE, *REASONS, *STATES) if self.words[word] == 0]
        return troubles + words + [f"exit {code}" for code in CODES if self.codes[code] == 0]

    def table(self) -> str:
        """For people."""
        found = [
            f"{self.nights:,} nights: {self.commands:,} commands, {self.requests:,} requests,"
            f" {self.removals:,} numbers removed, {self.hours:,.0f} hours of virtual time",
            *_columns("faults and strikes", self.troubles),
            *_columns("words in the audits", self.words),
            *_columns("exit codes", {f"exit {code}": count for code, count in sorted(self.codes.items())}),
            f"violations: {len({seed for seed, _ in self.broken})}",
        ]
        found += [f"  {broken}\n    again: python -m tests.simulation {seed}" for seed, broken in self.broken[:20]]
        return "\n".join(found)


def _columns(title: str, counts: dict[str, int] | Counter[str]) -> list[str]:
    cells = [f"{name:<34}{count:>7,}" for name, count in sorted(counts.items())]
    rows = [cells[at : at + 3] for at in range(0, len(cells), 3)]
    return [f"{title}:", *("  " + "   ".join(row) for row in rows)]
