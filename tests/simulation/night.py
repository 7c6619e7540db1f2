"""A whole night: commands, kills, resumes, and at last a calm in which everything is brought to its end.

In: a scenario and a folder. Out: a `Night`: every command and how it ended, and a `Case` for the checker after each.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from tests.simulation.desk import BASE_PATH
from tests.simulation.happening import happens, while_it_waits
from tests.simulation.life import Life
from tests.simulation.process import Ended
from tests.simulation.scenario import Scenario
from tests.simulation.seen import Case, Part
from tests.simulation.service import VirtualService

CANARY = "canary-"
"""What every key of a night has in its secret half."""


@dataclass(slots=True)
class Night:
    """What happened."""

    scenario: Scenario
    service: VirtualService
    folder: Path
    parts: list[Part] = field(default_factory=list)
    ends: list[tuple[str, Ended]] = field(default_factory=list)
    """Every command's word and how it ended."""
    case: Case | None = None
    """The run as it was last judged; None where none was begun."""
    exit_codes: Counter[int] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    """Outcomes, evidence and reasons to stop that were seen in any audit."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The account before anything happened: E.164 by ID."""
    ills: Mapping[str, str] = field(default_factory=dict)
    """Sources whose lists said less than the truth until the calm, and how."""
    elsewhere: frozenset[str] = frozenset()
    """The runs of this home that worked on another workspace."""
    broken: list[str] = field(default_factory=list)
    """Every broken promise, after which command."""

    def count(self, *kinds: str) -> None:
        """Take note of what happened, for the table."""
        self.service.faults.count(Counter(kinds))


def live(night: Scenario, folder: Path) -> Night:
    """Live through one night in a folder that may be new."""
    folder.mkdir(mode=0o700, exist_ok=True)
    service = VirtualService(
        world=night.world,
        voice=night.voice,
        faults=night.faults,
        base_path=BASE_PATH,
        settle=max(night.settle, 2 * night.timeout),
        chance=random.Random(f"{night.seed} service"),
        limit=night.limit,
        on_pause=while_it_waits(night),
        on_request={nth: happens(night, *change) for nth, change in night.changes.items()},
    )
    with structlog.testing.capture_logs() as logs:
        ills = {source: ill.kind for source, ill in night.voice.ills.items()}
        lived = Life(Night(night, service, folder, known=dict(night.world.numbers), ills=ills))
        lived.all_night()
    made = lived.night
    made.broken += [f"I23: the key stands in {place}" for place in _with_the_key(made, logs)]
    made.count(*(row.kind for row in night.rows if row.kind != "plain"), *sorted(night.voice.seen), *_oddities(night))
    return made


def _oddities(night: Scenario) -> list[str]:
    """What is odd about a night as a whole."""
    found = {
        "headed": night.headed,
        "key echoed": night.voice.echo != "",
        f"operations {night.operations}": night.operations != "",
    }
    return [name for name, is_so in found.items() if is_so]


def _with_the_key(night: Night, logs: Iterable[object]) -> list[str]:
    """Where the secret half of the key can be read, whatever was answered."""
    files = [path for path in night.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    found = [str(path.relative_to(night.folder)) for path in files if CANARY.encode() in path.read_bytes()]
    return found + (["the log"] if any(CANARY in str(line) for line in logs) else [])
