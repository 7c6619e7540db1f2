"""Another workspace that shares the home. In: a scenario and its settings. Out: what must hold, where it did not.

A rehearsal on a staging account, or the key of the wrong customer in the environment: what happens there is nobody's
business here.
"""

import random
from dataclasses import replace

from decom.ledger.reader import Reader
from decom.planning.guards import Limits
from decom.settings.load import Settings
from decom.settings.secret import Secret
from tests.simulation.cells import by_id
from tests.simulation.desk import BASE_PATH, write_list
from tests.simulation.faults import Faults
from tests.simulation.process import Process, ask_for_resume, ask_for_run
from tests.simulation.scenario import Scenario
from tests.simulation.service import VirtualService
from tests.simulation.voice import Voice
from tests.simulation.world import Workspace

KEY = "key_9:canary-5e11d0"
STAGING = f"https://staging.example{BASE_PATH}"


def rehearse(night: Scenario, settings: Settings, at: float, broken: list[str]) -> frozenset[str]:
    """Release the list in another workspace of this home; all the runs that the home has then.

    For a `foreign` list that workspace has most of what is on it, and the night's own account has not.
    """
    chance = random.Random(f"{night.seed} elsewhere")
    world = Workspace(generation=night.world.generation, numbers=dict(night.world.numbers), key=KEY)
    if night.rehearsal == "foreign":
        theirs = {f"phn_theirs{n}": f"+1415558{n:04d}" for n in range(3 * len(night.rows) + 3)}
        world.numbers.update(theirs)
        night.rows += [by_id(number_id) for number_id in theirs]
        night.limits = Limits(1_000, 1.0, 0.5)
        write_list(night, night.rows, settings.input.path or settings.home)
    service = _quiet(world, night)
    theirs_settings = replace(
        settings,
        api_key=Secret(KEY),
        base_url=chance.choice((settings.base_url, STAGING)),
        limits=Limits(1_000, 1.0, 1.0),
        protect=None,
        deadline=None,
        window=None,
    )
    ended = Process(service, theirs_settings, at, ()).run(ask_for_run)
    if ended.crash is not None:
        broken.append(f"I28: a rehearsal ended in a traceback: {ended.crash}")
    with Reader(settings.home) as ledger:
        return frozenset(ledger.run_ids())


def resume_with_another_key(night: Scenario, settings: Settings, run_id: str, now: float) -> list[str]:
    """Go on with a run by the key of a workspace that has the same E.164 numbers, under other IDs."""
    numbers = {f"{number_id}b": number for number_id, number in night.world.numbers.items()}
    service = _quiet(Workspace(generation=night.world.generation, numbers=numbers, key=KEY), night)
    Process(service, replace(settings, api_key=Secret(KEY)), now, ()).run(ask_for_resume(run_id))
    deletes = [each.target for each in service.log if each.method == "DELETE"]
    return [f"H9: {run_id} was resumed with another workspace's key: {deletes}"] if len(deletes) > 0 else []


def _quiet(world: Workspace, night: Scenario) -> VirtualService:
    """A service in which nothing goes wrong."""
    chance = random.Random(f"{night.seed} there")
    return VirtualService(world, Voice(), Faults(night.seed), BASE_PATH, settle=night.settle, chance=chance)
