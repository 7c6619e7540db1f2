"""A small run killed at each of its events in turn. In: no chance at all. Out: the same audit as if nothing had been.

The campaign of seeds strikes anywhere; this one leaves nothing out.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from decom.dialnexa.pacing.rate import Pace, parse_rate
from decom.planning.guards import Limits
from tests.simulation.cells import by_id
from tests.simulation.faults import Faults
from tests.simulation.night import Night, live
from tests.simulation.scenario import KEY, Scenario, Strike
from tests.simulation.voice import Voice
from tests.simulation.world import CAMPAIGNS, Call, Hold, Workspace

MOST_EVENTS = 400


def night_of(kinds: tuple[str, ...], *strikes: Strike | None) -> Scenario:
    """Six numbers: four to be released, one of them the default number; the share is just what the guard allows."""
    ids = [f"phn_{letter}" for letter in "abcdef"]
    world = Workspace(numbers={number_id: f"+1415555010{place}" for place, number_id in enumerate(ids)})
    held = world.numbers["phn_e"]
    world.holds.append(Hold(CAMPAIGNS, "cmp_1", "active", (Call(held, {"from_phone_number": held}, readable=True),)))
    world.key = KEY
    world.secretly_held.add("phn_d")
    return Scenario(
        seed=1,
        world=world,
        faults=Faults(1, kinds, 0.5 if len(kinds) > 0 else 0.0),
        voice=Voice(),
        rows=[by_id(number_id) for number_id in [*ids[:5], ids[0], "phn_gone"]],
        protected=(),
        protect_lines=(),
        concurrency=2,
        timeout=5.0,
        settle=10.0,
        plan_ttl=timedelta(hours=24),
        limits=Limits(4, 0.67, 0.5),
        pace=Pace(parse_rate("none")),
        limit=None,
        strikes=list(strikes),
        pauses=[1.0] * len(strikes),
    )


def words(night: Night) -> list[tuple[str, str]]:
    """Each row's ID and outcome."""
    assert night.case is not None
    return [(row.number_id or "", str(row.outcome)) for row in night.case.rows]


def deletes(night: Night) -> int:
    """How many DELETEs reached the service."""
    return sum(1 for request in night.service.log if request.method == "DELETE")


def struck_everywhere(
    kinds: tuple[str, ...], kind: str, folder: Path, first: int, step: int
) -> Iterator[tuple[int, Night]]:
    """The night once for every `step`th event of its first command from the `first` on, struck there."""
    for event in range(first, MOST_EVENTS, step):
        night = live(night_of(kinds, (event, kind)), folder / str(event))
        if night.ends[0][1].struck is None:
            return
        yield event, night
    pytest.fail("the first command never ended by itself")


SICK = ("drop_after", "late_apply", "500_before")


@pytest.mark.parametrize(
    ("kinds", "kind", "first", "step"),
    [
        *(((), "kill", first, 4) for first in (1, 2, 3, 4)),
        *(((), "SIGTERM", first, 6) for first in (1, 4)),
        *((SICK, "kill", first, 8) for first in (1, 3, 5, 7)),
        *((SICK, "SIGINT", first, 8) for first in (1, 5)),
    ],
    ids=lambda given: ("sick" if given else "well") if isinstance(given, tuple) else str(given),
)
def test_a_run_struck_at_any_event_and_resumed_says_what_an_undisturbed_one_says(kinds, kind, first, step, memory_path):
    well = live(night_of(()), memory_path / "undisturbed")
    undisturbed = words(well)
    assert [outcome for _, outcome in undisturbed].count("released") == 3
    struck = 0
    for event, night in struck_everywhere(kinds, kind, memory_path, first, step):
        assert night.broken == [], f"struck at event {event}"
        # A sick service may have used up a number's attempts before the strike.
        if len(kinds) == 0:
            assert words(night) == undisturbed, f"struck at event {event}"
            assert deletes(night) <= deletes(well) + night.scenario.concurrency, f"struck at event {event}"
        struck += 1
    assert struck > (51 - first) // step


def test_the_same_seed_sends_the_same_requests_in_the_same_order(memory_path):
    logs = []
    for name in ("one", "two"):
        night = live(night_of(("drop_after", "408", "429_bare"), (40, "kill"), (30, "SIGINT")), memory_path / name)
        logs.append([replace(request, holds=(), calls=()) for request in night.service.log])
    assert len(logs[0]) > 20
    assert logs[0] == logs[1]
