"""What one night is like. In: a seed. Out: an account, a list of numbers, settings, faults, kills, all by the seed.

Most nights have a little of everything in few kinds, some have one kind of trouble alone, some have none.
"""

import math
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

from decom.dialnexa.pacing.rate import Pace, parse_rate
from decom.planning.guards import Limits
from tests.service.limits import ANNOUNCING, Announced, FromFirst
from tests.simulation import cells
from tests.simulation.accounts import account, voice
from tests.simulation.cells import Row
from tests.simulation.faults import DELETES, ODD_READS, READS, Faults, some
from tests.simulation.voice import Voice
from tests.simulation.world import Workspace

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
BESIDE = ("second", "second plan", "second verify")
"""Another command is started while one is at work."""
ROBBED = ("disk", "lock gone", "home moved", "home gone", "folder a file", "folder a link")
"""What may happen to the files of a command that is at work."""

KEY = "key_7:canary-7f3e91"
YEAR = 31_536_000.0
"""Seconds."""
MOST_COMMANDS = 4

CHANGES = {
    "campaign": 5, "batch": 5, "unhold": 2, "other": 5, "shrink": 2, "reassign": 3, "port": 2, "arrive": 3,
    "revoke": 1, "forbid": 1, "hide_holds": 1,
}  # fmt: skip
"""What can happen on the account meanwhile, and how often: a campaign or batch call starts, or ends, somebody else
releases a number, or many, an ID comes to mean another number, a number is ported out, one arrives, the key is revoked,
or loses the right to release, or to see what holds numbers."""

AGAIN = ("", "", "", "", "run", "release", "tampered", "rewritten", "changed")
"""What is tried after the end: the same file, the same plan, a plan that was changed in its file or in the ledger, an
account that is not as it was reported; or nothing."""

REHEARSALS = ("same", "foreign", "meanwhile")
"""What another workspace of this home did: it released the same list before, or one that is mostly its own, or the same
list between this one's plan and its release."""

BETWEEN = ("restored", "rotated", "other key")
"""What happens between two commands: a backup of the home is brought back, the key is a new one, or another's."""

Strike = tuple[int, str]
"""At the nth event of a command: `kill`, a signal's name, or one of BESIDE and ROBBED."""


@dataclass(slots=True)
class Scenario:
    """Everything that is left to chance."""

    seed: int
    world: Workspace
    voice: Voice
    faults: Faults
    rows: list[Row]
    """The list's rows, and what was meant by them."""
    protected: tuple[str, ...]
    """What must never go: IDs and E.164 numbers."""
    protect_lines: tuple[str, ...]
    """The same, as the protect file writes it."""
    concurrency: int
    timeout: float
    settle: float
    plan_ttl: timedelta
    limits: Limits
    pace: Pace
    limit: Announced | None
    """The server's own."""
    region: str | None = None
    """Of numbers without a country code."""
    headed: bool = False
    """Whether a line of titles stands above the header."""
    operations: str = ""
    """Empty: the list has no such column. `column`: it has, and nobody says what to do with it. `only`: only those to
    be deleted are wanted. `ignored`: the column is to be ignored."""
    accepted: tuple[str, ...] = ()
    """Sources of conflicts that may stay unread."""
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
    rehearsal: str = ""
    """One of REHEARSALS; empty: the home has no other workspace."""
    between: str = ""
    """One of BETWEEN; empty: nothing."""
    again: str = ""
    """One of AGAIN."""


def scenario(seed: int) -> Scenario:
    """The night of a seed."""
    chance = random.Random(seed)
    crowd = chance.random() < 0.04
    world = account(chance, crowd=crowd)
    world.key = KEY
    ids = list(world.numbers)
    wanted = chance.sample(ids, min(len(ids), chance.randint(20, 40) if crowd else chance.randint(2, 9)))
    region, rows = _list(chance, world, wanted)
    night = Scenario(
        seed=seed,
        world=world,
        voice=voice(chance, world, KEY),
        faults=_faults(chance, seed),
        rows=rows,
        protected=(),
        protect_lines=(),
        concurrency=16 if crowd else chance.choice((1, 2, 3, 5)),
        timeout=chance.choice((5.0, 10.0, 30.0)),
        settle=chance.choice((10.0, 30.0, 60.0)),
        plan_ttl=timedelta(seconds=900 if chance.random() < 0.08 else 86_400),
        limits=_limits(chance, len(rows), len(world.numbers)),
        pace=Pace(parse_rate(chance.choice(("none", "none", "none", "auto", "30/10"))), 0.1),
        limit=_limit(chance),
        region=region,
        changes=_changes(chance, wanted),
        strikes=_strikes(chance),
        pauses=[chance.choice((0.5, 5.0, 100.0, 3_600.0)) for _ in range(MOST_COMMANDS)],
        jumps=_jumps(chance),
        deadline=chance.uniform(1.0, 60.0) if chance.random() < 0.04 else None,
        window="23:00-00:01" if chance.random() < 0.02 else None,
        two_steps=chance.random() < 0.3,
        again=chance.choice(AGAIN),
    )
    _rarely(chance, night, wanted)
    if chance.random() < 0.05:
        night.limits, night.changes = (
            _just_enough(len(rows), len(world.numbers)),
            {chance.randint(2, 12): ("shrink", "")},
        )
    if crowd:
        night.strikes[0] = (chance.randint(60, 300), "kill")
    return night


def _rarely(chance: random.Random, night: Scenario, wanted: list[str]) -> None:
    """What only a few nights have."""
    if chance.random() < 0.06:
        _drift(chance, night)
    if chance.random() < 0.15:
        _protect(chance, night, chance.choice(wanted))
    if chance.random() < 0.35:
        night.accepted = ("campaigns", "batch-calls", "workflows")
    if chance.random() < 0.05:
        night.operations = chance.choice(("column", "only", "ignored"))
        night.rows = [_operated(chance, row) for row in night.rows]
    if chance.random() < 0.03:
        night.headed = True
    if chance.random() < 0.06:
        night.rehearsal = chance.choice(REHEARSALS)
    if chance.random() < 0.10:
        night.between = chance.choice(BETWEEN)
    if night.between == "restored" or night.rehearsal == "meanwhile" or night.again in ("tampered", "rewritten"):
        night.two_steps = True
    if chance.random() < 0.04:
        night.world.stubborn = chance.choice(wanted)


def _drift(chance: random.Random, night: Scenario) -> None:
    """Pages move while they are read: rows repeat, slip, or leave."""
    shapes = night.voice.shapes
    for source in ("numbers", "campaigns", "batch-calls"):
        shapes[source] = replace(shapes[source], paged=True, most=3)
    night.faults.read_kinds, night.faults.read_share = ODD_READS, chance.choice((0.1, 0.3, 0.6))
    for _ in range(chance.randint(0, 2)):
        night.changes[chance.randint(2, 4)] = ("other", chance.choice(list(night.world.numbers)))


def _protect(chance: random.Random, night: Scenario, number_id: str) -> None:
    """A number of the list is never to be released, and the file says so in one way or another."""
    number = night.world.numbers[number_id]
    if chance.random() < 0.4:
        night.protected, night.protect_lines = (number_id,), (number_id,)
    else:
        night.protected, night.protect_lines = (number,), (cells.rule(chance, number),)
    if chance.random() < 0.2:
        odd = "+442079460958"
        night.world.numbers["phn_odd"] = odd
        night.rows.append(cells.by_id("phn_odd"))
        night.protected, night.protect_lines = (odd,), ("+44 (0)20 7946 0958",)


def _operated(chance: random.Random, row: Row) -> Row:
    return replace(row, operation=chance.choice(("Delete", "Update")))


def _jumps(chance: random.Random) -> tuple[tuple[float, float], ...]:
    """The wall clock jumps in a few nights."""
    if chance.random() >= 0.08:
        return ()
    return ((chance.uniform(0.0, 60.0), chance.choice((-YEAR, -3_600.0, -30.0, 30.0, 3_600.0, YEAR))),)


def _list(chance: random.Random, world: Workspace, wanted: list[str]) -> tuple[str | None, list[Row]]:
    """The region and the rows of the list: mostly good ones."""
    by_number = chance.random() < 0.3
    rows = []
    for number_id in wanted:
        number = world.numbers[number_id]
        ways = (cells.by_id(number_id), cells.by_both(number_id, number), cells.by_number(chance, number))
        rows.append(chance.choice(ways) if by_number else ways[0])
    region = None
    if chance.random() < 0.12:
        trick = chance.choice(cells.TRICKS)(chance)
        region = trick.region
        rows += trick.rows
        world.numbers.update({f"phn_trick{place}": number for place, number in enumerate(trick.numbers)})
    if chance.random() < 0.06:
        rows.append(cells.together(chance, world.numbers))
    if chance.random() < 0.3:
        again = chance.choice(wanted)
        rows.append(cells.by_id(again))
        rows.append(cells.by_number(chance, world.numbers[again]) if by_number else cells.by_id(wanted[0]))
    if chance.random() < 0.25:
        rows.append(cells.by_id(f"phn_gone{chance.randrange(100)}"))
    if chance.random() < 0.15:
        rows.append(Row(chance.choice(("../phn_1", "phn_1?x", "12", "=1+1")), "", one=False, kind="bad"))
    if chance.random() < 0.1:
        rows.append(cells.disagreeing(chance, world.numbers))
    chance.shuffle(rows)
    return region, rows


def _faults(chance: random.Random, seed: int) -> Faults:
    faults = Faults(seed)
    if chance.random() < 0.9:
        faults.delete_kinds, faults.delete_share = some(chance, DELETES), chance.choice((0.1, 0.3, 0.5, 0.8, 1.0))
    if chance.random() < 0.6:
        faults.read_kinds, faults.read_share = some(chance, READS), chance.choice((0.02, 0.05, 0.1, 0.3))
    if chance.random() < 0.01:
        faults.delete_kinds, faults.delete_share = ("429",), 1.0
    elif chance.random() < 0.03:
        faults.delete_kinds, faults.delete_share = ("429_long",), 0.3
        faults.read_kinds, faults.read_share = ("429_long",), chance.choice((0.0, 0.1, 0.3))
    elif chance.random() < 0.05:
        faults.delete_kinds, faults.delete_share = ("gateway_404", "drop_after"), 0.5
        faults.read_kinds, faults.read_share = ("gateway_404",), 0.05
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


def _limit(chance: random.Random) -> Announced | None:
    """The server's own limit, where it has one; where the reset is a Unix time, no answer has a date beside it."""
    if chance.random() >= 0.15:
        return None
    kind = FromFirst(chance.choice((10, 40)), chance.choice((5.0, 60.0)))
    return Announced(kind, ANNOUNCING["Unix time, rounded up" if chance.random() < 0.3 else "seconds, rounded up"])


def _just_enough(wanted: int, size: int) -> Limits:
    """Guards that let the plan through, and nothing more."""
    return Limits(wanted, min(1.0, math.ceil(100 * wanted / size) / 100), 1.0)


def _changes(chance: random.Random, wanted: list[str]) -> dict[int, tuple[str, str]]:
    changes = {}
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        kind = chance.choices(tuple(CHANGES), tuple(CHANGES.values()))[0]
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
        elif draw < 0.70:
            strikes.append((event, chance.choice(BESIDE)))
        elif draw < 0.80:
            strikes.append((event, chance.choice(ROBBED)))
        else:
            strikes.append(None)
    return strikes
