"""What a person is told to do helps: the advice is that of the trouble, and what it says to type works."""

from collections.abc import Callable

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import ids, input_of
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.server import Sandbox

MISLEADING = ("base URL", "can be reached")
LISTING = "/organization-phone-numbers?"


@pytest.mark.parametrize("fault", [Fault("total_mismatch", 2), Fault("repeat_page")], ids=["total", "pages"])
@pytest.mark.parametrize("command", [("plan",), ("run", "--execute", "--yes")], ids=["plan", "run"])
def test_a_listing_that_is_never_whole_is_asked_again_later_or_by_id(
    start_sandbox: Callable[..., Sandbox],
    decom_for: Callable[[Sandbox], Command],
    command: tuple[str, ...],
    fault: Fault,
) -> None:
    sandbox = start_sandbox(faults=FaultPlan((Rule.of(fault, method="GET", path=LISTING),)))
    decom, chosen = decom_for(sandbox), sandbox.world.releasable[:3]
    (decom.folder / "numbers.csv").write_text("\n".join(["phone", *(row["phone_number"] for row in chosen)]))
    ran = decom(command[0], "numbers.csv", *command[1:])
    assert ran.code == 4 and sandbox.removed == {}
    assert ("Nothing was sent. " if command[0] == "run" else "") + "Run the same command again later." in ran.err
    assert "list the numbers by ID (a column `number id`)" in ran.err
    assert not any(words in ran.out + ran.err for words in MISLEADING)

    ran = decom("run", input_of(decom.folder, ids(chosen)), "--execute", "--yes")
    assert ran.code == 0 and len(sandbox.removed) == 3, ran.err
