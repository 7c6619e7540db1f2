"""What account there is tonight, and how its service speaks. In: chance. Out: a `Workspace` and a `Voice`."""

import random
from collections.abc import Mapping, Sequence

from tests.service.shapes import CALLS, ENVELOPES, Shape
from tests.simulation.voice import ILLS, LATER, Ill, Voice
from tests.simulation.world import ALWAYS, BATCH_CALLS, CAMPAIGNS, Call, Hold, Workspace

CAMPAIGN_STATUSES = ("active", "running", "scheduled", "paused", "completed", "cancelled", "odd", "Scheduled", "ACTIVE")
BATCH_STATUSES: Mapping[int, Sequence[str | None]] = {
    1: ("queued", "processing", "completed", "failed", "cancelled", "Queued", "odd"),
    2: (
        "draft", "waiting", "scheduled", "running", "paused", "active", "initiated", "odd", "Running", None,
        "completed", "cancelled", "deleted", "Completed",
    ),
}  # fmt: skip

IN_OTHER_HANDS = ("port_out_pending", "Port-Out-Pending", "PORT_OUT_PENDING", "released", "porting")
"""What a number's own status says while somebody else has it in hand."""

NOT_FOUND = ("Phone number not found", "Phone number {} not found", "Phone number with ID {} not found")
ECHOES = ("{key}", "{secret}", "Bearer {key}")


def account(chance: random.Random, *, crowd: bool) -> Workspace:
    """The numbers, and what holds them."""
    large = chance.random() < 0.03
    count = chance.randint(420, 520) if large else chance.randint(40, 60) if crowd else chance.randint(4, 16)
    world = Workspace(generation=chance.choice((1, 1, 2)))
    for place in range(count):
        world.numbers[f"phn_{chance.randrange(16**8):08x}{place}"] = f"+1415555{place:04d}"
    world.batch_calls_too = world.generation == 1 and chance.random() < 0.15
    _holds(chance, world)
    if world.generation == 2 and chance.random() < 0.4:
        statuses = ("draft", "active", "paused", "completed", "Active")
        world.workflows = [
            {"id": f"wfl_{n}", "name": f"flow {n}", "status": chance.choice(statuses)}
            for n in range(chance.randint(1, 4))
        ]
    if chance.random() < 0.2:
        world.secretly_held.update(chance.sample(list(world.numbers), 1 if large else 2))
    world.may_read_holds = chance.random() > 0.04
    world.may_delete = chance.random() > 0.03
    world.gone_is = 410 if chance.random() < 0.15 else 404
    for number_id in world.numbers:
        if chance.random() < 0.2:
            world.dress[number_id] = _dress(chance)
    if chance.random() < 0.06:
        for number_id in chance.sample(list(world.numbers), 2):
            world.port_out(number_id, chance.choice(IN_OTHER_HANDS), since=ALWAYS)
    return world


def _holds(chance: random.Random, world: Workspace) -> None:
    """A few campaigns or batch calls, some of which are over, and in many orders."""
    few = chance.sample(sorted(world.numbers.values()), min(6, len(world.numbers)))
    plain = chance.random() < 0.75  # most nights every number can be read: else there would be no other nights
    for place, number in enumerate(few[: chance.choice((0, 0, 1, 2, 4, 6))]):
        if world.generation == 1:
            status = chance.choice(CAMPAIGN_STATUSES)
            world.holds.append(campaign(chance, f"cmp_{place}", status, number, plain=plain))
        else:
            world.holds.append(batch(chance, world, f"bch_{place}", number, plain=plain))
    if world.batch_calls_too:
        for place, number in enumerate(few[: chance.choice((0, 1, 2))]):
            queued = chance.choice(BATCH_STATUSES[1])
            world.holds.append(Hold(BATCH_CALLS, f"bch_{place}", queued, (), (number,)))
    campaigns = [hold for hold in world.holds if hold.source == CAMPAIGNS]
    if len(campaigns) > 1 and chance.random() < 0.05:
        campaigns[-1].id = campaigns[0].id
        campaigns[-1].silent = campaigns[0].silent = False


def campaign(chance: random.Random, name: str, status: str | None, number: str, *, plain: bool) -> Hold:
    """A campaign that calls from a number."""
    call = named(chance, "from_phone_number", number, plain=plain)
    return Hold(CAMPAIGNS, name, status, (call,), silent=chance.random() < 0.25)


def batch(chance: random.Random, world: Workspace, name: str, number: str, *, plain: bool) -> Hold:
    """A batch call; its number may stand behind those of many other calls, or nowhere."""
    status = chance.choice(BATCH_STATUSES[2])
    if not plain and chance.random() < 0.2:
        return Hold(BATCH_CALLS, name, status, (), (number,))
    others = [chance.choice(sorted(world.numbers.values()))] * chance.choice((0, 0, 0, 3, 7, 25))
    calls = [named(chance, "from_number", each, plain=True) for each in others]
    return Hold(BATCH_CALLS, name, status, (*calls, named(chance, "from_number", number, plain=plain)))


def named(chance: random.Random, member: str, number: str, *, plain: bool) -> Call:
    """The number under a member's name, in a writing that can be mended, or unless `plain` in one that cannot."""
    if plain or chance.random() < 0.6:
        text = chance.choice((number, number, number, number[1:], _spaced(number), _spaced(number[1:])))
        return Call(number, {member: text}, readable=True)
    code, rest = number[:2], number[2:]
    apart: Sequence[dict[str, object]] = (
        {member: rest, "dial_code": code},
        {member: f"({rest[:3]}) {rest[3:]}", "country_code": code[1:]},
    )
    nowhere: Sequence[dict[str, object]] = ({member: ""}, {member: None}, {}, {member: "unknown"})
    if chance.random() < 0.4:
        return Call(number, chance.choice(apart), readable=False, in_part=True)
    return Call(number, chance.choice(nowhere), readable=False)


def _spaced(number: str) -> str:
    return f"{number[:-10]} ({number[-10:-7]}) {number[-7:-4]}-{number[-4:]}"


def _dress(chance: random.Random) -> dict[str, object]:
    """What one number's record says besides, or leaves out by null."""
    dresses: Sequence[dict[str, object]] = (
        {"status": "Active"},
        {"status": None, "country_code": None},
        {"monthly_cost_usd": None, "nickname": "=1+1"},
        {"capabilities": ["voice"], "label": None, "agent_id": "agt_1"},
        {"status": ""},
    )
    return chance.choice(dresses)


def voice(chance: random.Random, world: Workspace, key: str) -> Voice:
    """The forms in which the service answers tonight."""
    found = Voice(not_found=chance.choice(NOT_FOUND), absent=405 if chance.random() < 0.2 else 404)
    for source in ("numbers", CAMPAIGNS, BATCH_CALLS, "workflows", "batch-call"):
        found.shapes[source] = _shape(chance, source)
    if len(world.numbers) > 100:
        found.shapes["numbers"] = Shape(found.shapes["numbers"].envelope)
    elif chance.random() < 0.25:
        _fall_ill(chance, world, found)
    if chance.random() < 0.12:
        found.echo = chance.choice(ECHOES).format(key=key, secret=key.partition(":")[2])
    return found


def _shape(chance: random.Random, source: str) -> Shape:
    """As documented in half the nights, else any form that was ever seen."""
    most = chance.choice((None, 3, 3, 7, 20)) if source != "numbers" else chance.choice((None, 3, 7, 100))
    if source != "batch-call" and chance.random() < 0.5:
        return Shape(most=most)
    forms = (*ENVELOPES, *CALLS) if source == "batch-call" else tuple(ENVELOPES)
    envelope = chance.choice(forms)
    paged = envelope not in ("list", "wrapped_list") or chance.random() < 0.6
    refuse_above = chance.choice((None, None, None, 10, 20, 50))
    return Shape(envelope, wrapped=chance.random() < 0.5, paged=paged, most=most, refuse_above=refuse_above)


def _fall_ill(chance: random.Random, world: Workspace, found: Voice) -> None:
    """One of the lists says less than the truth, mostly from its second page on."""
    sources = [source for source in (CAMPAIGNS, BATCH_CALLS, "workflows") if world.has(source)]
    source = chance.choice((*sources, *sources, *sources, *sources, "numbers"))
    kind = chance.choice(tuple(ILLS))
    page = 1 if kind not in LATER and chance.random() < 0.4 else 2
    # A list without counts that repeats itself cannot be told from one that knows no pages.
    found.ills[source] = Ill(kind, 1 if kind == "repeats" else page)
    if page == 2:
        shape = found.shapes[source]
        found.shapes[source] = Shape(shape.envelope, wrapped=shape.wrapped, most=2, refuse_above=shape.refuse_above)
    if kind in ("repeats", "total is the page's", "total more", "pages more"):
        found.shapes[source] = Shape("wrapped_data_meta" if chance.random() < 0.5 else None, most=2)
