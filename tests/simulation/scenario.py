"""What one night is like. In: a seed. Out: an account, a file of numbers, settings, faults, kills, all by the seed.

Most nights have a little of everything in few kinds, some have one kind of trouble alone, some have none.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from decom.dialnexa.pacing import Pace, parse_rate
from decom.planning.guards import Limits
from tests.simulation.faults import DELETES, ODD_READS, READS, Faults, some
from tests.simulation.service import Limit
from tests.simulation.world import Campaign, World

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")

YEAR = 31_536_000.0
"""Seconds."""
MOST_COMMANDS = 4

CHANGES = ("campaign", "other", "shrink", "reassign", "revoke", "forbid", "hide_holds")
"""What can happen on the account meanwhile: a campaign starts, somebody else releases a number, or many, an ID comes
to mean another number, the key is revoked, or loses the right to release, or to see what holds numbers."""

Strike = tuple[int, str]
"""At the nth event of a command: `kill`, a signal's name, `second` (another command is started beside it), `disk`."""


@dataclass(slots=True)
class Scenario:
    """Everything that is left to chance."""

    seed: int
    world: World
    faults: Faults
    cells: list[tuple[str, str]]
    """The input's rows: ID, E.164 number; either may be blank."""
    protected: tuple[str, ...]
    concurrency: int
    timeout: float
    settle: float
    plan_ttl: timedelta
    limits: Limits
    pace: Pace
    limit: Limit | None
    """The server's own."""
    changes: dict[int, tuple[str, str]] = field(default_factory=dict)
    """What happens on the account when the nth request arrives: kind, number's ID (empty where there is none)."""
    strikes: list[Strike | None] = field(default_factory=list)
    """One for each command before the calm; None: nothing strikes it."""
    pauses: list[float] = field(default_factory=list)
    """Seconds after each command."""
    jumps: tuple[tuple[float, float], ...] = ()
    deadline: float | None = None
    """Seconds that a command may take before the calm; None: any."""
    window: str | None = None
    """The hours in which a command may work before the calm; None: any."""
    two_steps: bool = False
    """`plan` and `release` instead of `run`."""
    again: str = ""
    """What is tried after the end: `run` (the same file), `release` (the same plan), `tampered`, or nothing."""


def scenario(seed: int) -> Scenario:
    """The night of a seed."""
    chance = random.Random(seed)
    crowd = chance.random() < 0.04
    world = _world(chance, crowd=crowd)
    ids = list(world.numbers)
    wanted = chance.sample(ids, min(len(ids), chance.randint(20, 40) if crowd else chance.randint(2, 9)))
    night = Scenario(
        seed=seed,
        world=world,
        faults=_faults(chance, seed),
        cells=_cells(chance, world, wanted),
        protected=tuple(chance.sample(wanted, 1)) if chance.random() < 0.15 else (),
        concurrency=16 if crowd else chance.choice((1, 2, 3, 5)),
        timeout=chance.choice((5.0, 10.0, 30.0)),
        settle=chance.choice((10.0, 30.0, 60.0)),
        plan_ttl=timedelta(seconds=900 if chance.random() < 0.08 else 86_400),
        limits=_limits(chance, len(wanted), len(ids)),
        pace=Pace(parse_rate(chance.choice(("none", "none", "none", "auto", "30/10"))), 0.1),
        limit=Limit(chance.choice((10, 40)), chance.choice((5.0, 60.0))) if chance.random() < 0.15 else None,
        changes=_changes(chance, wanted),
        strikes=_strikes(chance),
        pauses=[chance.choice((0.5, 5.0, 100.0, 3_600.0)) for _ in range(MOST_COMMANDS)],
        jumps=_jumps(chance),
        deadline=chance.uniform(1.0, 60.0) if chance.random() < 0.04 else None,
        window="23:00-00:01" if chance.random() < 0.02 else None,
        two_steps=chance.random() < 0.3,
        again=chance.choice(("", "", "", "", "run", "release", "tampered")),
    )
    if chance.random() < 0.06:
        _drift(chance, night)
    if chance.random() < 0.05:
        night.limits, night.changes = _just_enough(len(wanted), len(ids)), {chance.randint(2, 12): ("shrink", "")}
    if crowd:
        night.strikes[0] = (chance.randint(60, 300), "kill")
    return night


def _drift(chance: random.Random, night: Scenario) -> None:
    """Pages move while they are read: rows repeat, slip, or leave."""
    night.world.page_size = 3
    night.faults.read_kinds, night.faults.read_share = ODD_READS, chance.choice((0.1, 0.3, 0.6))
    for _ in range(chance.randint(0, 2)):
        night.changes[chance.randint(2, 4)] = ("other", chance.choice(list(night.world.numbers)))


def _jumps(chance: random.Random) -> tuple[tuple[float, float], ...]:
    """The wall clock jumps in a few nights."""
    if chance.random() >= 0.08:
        return ()
    return ((chance.uniform(0.0, 60.0), chance.choice((-YEAR, -3_600.0, -30.0, 30.0, 3_600.0, YEAR))),)


def _world(chance: random.Random, *, crowd: bool) -> World:
    large = chance.random() < 0.04
    count = chance.randint(420, 520) if large else chance.randint(40, 60) if crowd else chance.randint(4, 16)
    world = World(generation=chance.choice((1, 1, 2)), page_size=100 if large else chance.choice((3, 7, 100)))
    for place in range(count):
        world.numbers[f"phn_{chance.randrange(16**8):08x}{place}"] = f"+1415555{place:04d}"
    statuses = ("active", "running", "scheduled", "paused", "completed", "cancelled", "odd")
    few = chance.sample(sorted(world.numbers.values()), min(4, count))
    for place, number in enumerate(few[: chance.choice((0, 0, 1, 2, 4))]):
        world.campaigns.append(Campaign(f"cmp_{place}", chance.choice(statuses), number, silent=chance.random() < 0.3))
    if chance.random() < 0.2:
        world.secretly_held.update(chance.sample(list(world.numbers), 1 if large else 2))
    world.may_read_holds = chance.random() > 0.05
    world.may_delete = chance.random() > 0.03
    return world


def _cells(chance: random.Random, world: World, wanted: list[str]) -> list[tuple[str, str]]:
    """The rows of the file: mostly good ones."""
    by_number = chance.random() < 0.3
    rows = []
    for number_id in wanted:
        number = world.numbers[number_id]
        form = chance.choice((number, f"{number[:2]} ({number[2:5]}) {number[5:]}"))
        rows.append(chance.choice(((number_id, ""), (number_id, number), ("", form))) if by_number else (number_id, ""))
    if chance.random() < 0.3:
        rows.append((chance.choice(wanted), ""))
        rows.append(("", world.numbers[chance.choice(wanted)]) if by_number else (wanted[0], ""))
    if chance.random() < 0.25:
        rows.append((f"phn_gone{chance.randrange(100)}", ""))
    if chance.random() < 0.15:
        rows.append((chance.choice(("../phn_1", "phn_1?x", "12", "=1+1", "phn_a phn_b")), ""))
    if chance.random() < 0.1:
        rows.append((wanted[0], "+14155559999"))
    chance.shuffle(rows)
    return rows


def _faults(chance: random.Random, seed: int) -> Faults:
    faults = Faults(seed)
    if chance.random() < 0.9:
        faults.delete_kinds, faults.delete_share = some(chance, DELETES), chance.choice((0.1, 0.3, 0.5, 0.8, 1.0))
    if chance.random() < 0.6:
        faults.read_kinds, faults.read_share = some(chance, READS), chance.choice((0.02, 0.05, 0.1, 0.3))
    if chance.random() < 0.01:
        faults.delete_kinds, faults.delete_share = ("429",), 1.0
    if chance.random() < 0.12:
        start = chance.randint(1, 40)
        faults.outage = (start, start + chance.choice((3, 8, 20, 10_000)))
    return faults


def _limits(chance: random.Random, wanted: int, size: int) -> Limits:
    """Guards that mostly let everything through, some only just, and some not."""
    draw = chance.random()
    if draw < 0.05:
        return Limits(max(1, wanted - 1), 1.0, 1.0)
    if draw < 0.18:
        return _just_enough(wanted, size)
    if draw < 0.22:
        return Limits(wanted, max(0.01, math.floor(100 * (wanted - 1) / size) / 100), 0.5)
    return Limits(1_000, 1.0, 1.0)


def _just_enough(wanted: int, size: int) -> Limits:
    """Guards that let the plan through, and nothing more."""
    return Limits(wanted, min(1.0, math.ceil(100 * wanted / size) / 100), 1.0)


def _changes(chance: random.Random, wanted: list[str]) -> dict[int, tuple[str, str]]:
    changes = {}
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        kind = chance.choices(CHANGES, (5, 5, 2, 3, 1, 1, 1))[0]
        changes[chance.choice((chance.randint(2, 12), chance.randint(2, 60)))] = (kind, chance.choice(wanted))
    return changes


def _strikes(chance: random.Random) -> list[Strike | None]:
    """What happens to the commands before the calm: most often nothing, or a kill at any event."""
    strikes: list[Strike | None] = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, MOST_COMMANDS))):
        draw = chance.random()
        event = chance.choice((chance.randint(1, 40), chance.randint(20, 160)))
        if draw < 0.5:
            strikes.append((event, "kill"))
        elif draw < 0.65:
            strikes.append((event, chance.choice(SIGNALS)))
        elif draw < 0.7:
            strikes.append((event, "second"))
        elif draw < 0.75:
            strikes.append((event, "disk"))
        else:
            strikes.append(None)
    return strikes


def happens(night: Scenario, kind: str, number_id: str) -> Callable[[], None]:
    """What a change of the account does."""
    world = night.world

    def change() -> None:
        night.faults.count({kind: 1})
        if kind == "campaign":
            world.start_campaign(number_id)
        elif kind == "other":
            world.remove(number_id, None)
        elif kind == "shrink":
            wanted = {cell for cells in night.cells for cell in cells}
            for each in [each for each in world.numbers if each not in wanted]:
                world.remove(each, None)
        elif kind == "reassign":
            world.reassign(number_id)
        elif kind == "revoke":
            world.key_accepted = False
        elif kind == "forbid":
            world.may_delete = False
        else:
            world.may_read_holds = False

    return change
