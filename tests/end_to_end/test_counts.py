"""The summary, `decom runs` and `decom show` count the rows of a run alike, however it went and ended."""

import json
import re
import signal
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows, ids, input_of
from tests.service.faults import FaultPlan, Rule
from tests.service.hooks import kill, when
from tests.service.server import Sandbox
from tests.service.world import World


def a_bit_of_everything(sandbox: Sandbox, decom: Command) -> tuple[object, ...]:
    """A run whose rows come to every outcome that a run which nobody interrupts has; its command."""
    free, held = ids(sandbox.world.releasable), ids(sandbox.world.held_openly)
    sandbox.faults = FaultPlan((Rule.of("422", ids=free[:1]),))
    protect = decom.folder / "protected.txt"
    protect.write_text(f"{free[2]}\n")
    rows = [*free[:8], free[7], held[0], "phn_of_nobody", "not a number"]
    return ("run", input_of(decom.folder, rows), "--execute", "--yes", "--concurrency", "1", "--protect", protect)


def the_same_everywhere(decom: Command) -> Counter[str]:
    """The counts of the run's rows, once all that count are seen to agree."""
    folder = decom.run_folder()
    decom("report", folder.name)
    summary, [line] = audit(folder), json.loads(decom("runs", "--json").out)["runs"]
    shown = json.loads(decom("show", folder.name, "--json").out)["line"]
    counted = {name: count for name, count in summary["counts"].items() if count > 0}
    assert line["outcomes"] == shown["outcomes"] == counted == Counter(row["outcome"] for row in audit_rows(folder))
    words = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in line["outcomes"].items())
    assert words in decom("show", folder.name).out
    return Counter(counted)


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(World.made_up(numbers=100))


def test_a_run_that_came_to_its_end(sandbox: Sandbox, decom: Command) -> None:
    ran = decom(*a_bit_of_everything(sandbox, decom))
    assert ran.code == 4, ran.err
    counted = the_same_everywhere(decom)
    one_each = dict.fromkeys(("failed", "protected", "duplicate", "conflicted", "missing", "invalid"), 1)
    assert counted == {"released": 6, **one_each}
    for name, count in counted.items():
        assert re.search(rf"^{name} +{count} ", ran.out, re.MULTILINE) is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_run_that_did_not_come_to_its_end(number: signal.Signals, sandbox: Sandbox, decom: Command) -> None:
    with decom.begun(*a_bit_of_everything(sandbox, decom)) as process:
        sandbox.on_phase = when("applied", 3, kill(process.pid, number))
        process.communicate(timeout=60)
    sandbox.on_phase = None
    counted = the_same_everywhere(decom)
    assert counted["not_attempted"] > 0 and counted.total() == 12
    assert counted["unknown"] == (1 if number is signal.SIGKILL else 0)


def test_a_run_that_never_began_because_the_service_was_not_there(sandbox: Sandbox, decom: Command) -> None:
    numbers = input_of(decom.folder, [*ids(sandbox.world.releasable)[:3], "not a number"])
    ran = decom("run", numbers, "--execute", "--yes", DIALNEXA_BASE_URL="http://127.0.0.1:9/v1")
    assert ran.code == 4, ran.err
    assert the_same_everywhere(decom) == {"not_attempted": 3, "invalid": 1}


def test_a_plan_that_was_not_applied_has_no_outcomes(sandbox: Sandbox, decom: Command) -> None:
    decom("plan", input_of(decom.folder, ids(sandbox.world.releasable)[:3]))
    [line] = json.loads(decom("runs", "--json").out)["runs"]
    assert line["outcomes"] == {} and line["open"] == 0
