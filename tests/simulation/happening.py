"""What happens on the account in the middle of a night. In: its kind, and a number. Out: a step to be carried out."""

import random
from collections.abc import Callable

from tests.simulation.accounts import batch, campaign
from tests.simulation.scenario import Scenario
from tests.simulation.world import BATCH_CALLS, CAMPAIGNS, Hold, Workspace


def happens(night: Scenario, kind: str, number_id: str) -> Callable[[], None]:
    """What a change of the account does when its time has come."""
    world, chance = night.world, random.Random(f"{night.seed} {kind} {number_id}")
    steps: dict[str, Callable[[], None]] = {
        "campaign": lambda: _starts(world, CAMPAIGNS, chance, number_id),
        "batch": lambda: _starts(world, BATCH_CALLS, chance, number_id),
        "unhold": lambda: _ends(world),
        "other": lambda: world.remove(number_id, None),
        "shrink": lambda: _shrinks(night),
        "reassign": lambda: world.reassign(number_id),
        "port": lambda: world.port_out(number_id),
        "arrive": lambda: world.arrive(f"phn_new{len(world.changes)}", f"+1415556{len(world.changes):04d}"),
        "revoke": lambda: setattr(world, "key_accepted", False),
        "forbid": lambda: setattr(world, "may_delete", False),
        "hide_holds": lambda: setattr(world, "may_read_holds", False),
    }

    def change() -> None:
        night.faults.count({kind: 1})
        steps[kind]()

    return change


def while_it_waits(night: Scenario) -> Callable[[], None]:
    """In a long pause one number of the list comes to be held, and another to mean another number."""
    chance = random.Random(f"{night.seed} pause")

    def change() -> None:
        wanted = [number_id for row in night.rows for number_id in row.ids if number_id in night.world.numbers]
        if len(wanted) > 0 and chance.random() < 0.8:
            night.faults.count({"held in a pause": 1})
            source = CAMPAIGNS if night.world.generation == 1 else BATCH_CALLS
            _starts(night.world, source, chance, chance.choice(wanted))

    return change


def _starts(world: Workspace, source: str, chance: random.Random, number_id: str) -> None:
    """A campaign or batch call begins to hold the number, if this account has such a thing."""
    if number_id not in world.numbers or not world.has(source):
        return
    number, name = world.numbers[number_id], f"late_{len(world.changes)}"
    if source == CAMPAIGNS:
        started = campaign(chance, name, chance.choice(("active", "scheduled")), number, plain=True)
    elif world.generation == 1:
        started = Hold(BATCH_CALLS, name, "queued", (), (number,))
    else:
        started = batch(chance, world, name, number, plain=True)
    world.start(started)


def _ends(world: Workspace) -> None:
    if len(world.holds) > 0:
        world.end(world.holds[0])


def _shrinks(night: Scenario) -> None:
    """Everything that the list does not name leaves the account."""
    meant = {number_id for row in night.rows for number_id in row.ids}
    spoken = {number for row in night.rows for number in row.readings}
    for number_id, number in list(night.world.numbers.items()):
        if number_id not in meant and number not in spoken:
            night.world.remove(number_id, None)


def swap(world: Workspace, target: str, chance: random.Random) -> None:
    """As a later page of a list is asked for, one of its first rows leaves and another arrives at its end."""
    count = len(world.changes) + len(world.ended)
    if "/organization-phone-numbers" in target:
        if len(world.numbers) > 0:
            world.remove(chance.choice(list(world.numbers)[:3]), None)
        world.arrive(f"phn_swap{count}_{len(world.removals)}", f"+1415557{count:04d}")
        return
    source = CAMPAIGNS if f"/{CAMPAIGNS}" in target else BATCH_CALLS
    rows = [hold for hold in world.holds if hold.source == source]
    if len(rows) > 0 and world.has(source):
        left = rows[0]
        world.end(left)
        world.holds.append(Hold(source, f"swap_{count}", "completed", left.calls, left.means, since=world.now))
