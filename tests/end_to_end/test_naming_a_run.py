"""A run is named by `latest` or part of its ID wherever runs are named; where that fits several, nothing is done."""

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import deletes, ids, input_of
from tests.service.server import Sandbox


def test_every_command_takes_latest_and_part_of_an_id_and_a_folder(decom: Command, sandbox: Sandbox) -> None:
    free = ids(sandbox.world.releasable)
    decom("plan", input_of(decom.folder, free[:2]))
    first = decom.run_folder().name
    assert decom("release", first[-6:], "--yes").code == 0
    assert set(sandbox.removed) == set(free[:2])
    decom("plan", input_of(decom.folder, free[2:4]))
    second = decom.run_folder().name
    assert decom("release", "latest", "--yes").code == 0
    assert set(sandbox.removed) == set(free[:4])
    for command in ("resume", "verify", "report", "show"):
        for name, run_id in (("latest", second), (first[-6:], first), (decom.output / first, first)):
            more = ("--yes",) if command == "resume" else ()
            ran = decom(command, name, *more)
            assert ran.code == 0 and run_id in ran.out, (command, name, ran)
    assert len(deletes(sandbox)) == 4


@pytest.mark.parametrize("command", ["release", "resume", "verify", "report", "show"])
def test_a_part_of_two_ids_is_exit_2_and_names_both(command: str, decom: Command, sandbox: Sandbox) -> None:
    for chosen in (ids(sandbox.world.releasable)[:2], ids(sandbox.world.releasable)[2:4]):
        decom("plan", input_of(decom.folder, chosen))
    ran = decom(command, decom.run_folder().name[:8])
    assert ran.code == 2, ran
    assert all(folder.name in ran.err for folder in decom.output.iterdir())
    assert deletes(sandbox) == []


def test_what_is_no_run_is_exit_2_and_says_how_to_list_those_of_this_home(decom: Command) -> None:
    ran = decom("show", "lat", "--home", "elsewhere")
    assert ran.code == 2 and "no such run or number" in ran.err, ran
    ran = decom("release", "lat", "--home", "elsewhere")
    assert ran.code == 2 and "`decom runs --home elsewhere` lists the runs of this home." in ran.err, ran
    assert decom("runs", "--home", "elsewhere").code == 0
