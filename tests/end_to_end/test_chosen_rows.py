"""Lists that name more than what is to go: nothing is released that nobody chose, and the rest is told."""

import json

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows, deletes, ids
from tests.service.server import Sandbox


def a_list(decom: Command, numbers: list[str], operations: list[str]) -> str:
    rows = [f"{number},{operation}" for number, operation in zip(numbers, operations, strict=True)]
    (decom.folder / "numbers.csv").write_text("\n".join(["number id,Operation", *rows]) + "\n")
    return "numbers.csv"


def test_a_list_with_updates_among_its_deletes_is_asked_about_and_then_carried_out_as_answered(
    decom: Command, sandbox: Sandbox
) -> None:
    numbers = ids(sandbox.world.releasable)[:4]
    source = a_list(decom, numbers, ["Delete", "Update", "Delete", "Update"])
    ran = decom("run", source, "--execute", "--yes")
    assert ran.code == 2 and sandbox.log == []
    assert "column 'Operation' says what to do with a row: 'Delete' (2), 'Update' (2)" in ran.err
    assert "--only Operation=Delete" in ran.err and "--ignore-column Operation" in ran.err

    ran = decom("run", source, "--only", "operation=delete", "--execute", "--yes", "--json")
    assert ran.code == 0, ran.err
    assert sorted(target.rsplit("/", 1)[1] for target in deletes(sandbox)) == sorted([numbers[0], numbers[2]])
    assert json.loads(ran.out)["counts"]["not_selected"] == 2
    rows = audit_rows(decom.run_folder())
    assert [row["outcome"] for row in rows] == ["released", "not_selected", "released", "not_selected"]
    assert (rows[1]["evidence"], rows[1]["reason"], rows[1]["monthly_cost_usd"]) == (
        "plan",
        "Operation is 'Update', not selected by --only",
        "",
    )
    assert "rows chosen with --only operation=delete" in audit(decom.run_folder())["notes"]
    assert not (decom.run_folder() / "retry.csv").exists()


def test_a_job_file_chooses_too_and_guards_look_at_what_was_chosen(decom: Command, sandbox: Sandbox) -> None:
    numbers = ids(sandbox.world.releasable)[:5]
    a_list(decom, numbers, ["Delete"] * 5)
    (decom.folder / "night.toml").write_text(
        f'[input]\npath = "numbers.csv"\nlimit = 2\nexclude = ["{numbers[0]}"]\n[guards]\nmax_release = 2\n'
    )
    ran = decom("run", "night.toml", "--execute", "--yes")
    assert ran.code == 0, ran.err
    assert sorted(target.rsplit("/", 1)[1] for target in deletes(sandbox)) == sorted(numbers[1:3])
    outcomes = [row["outcome"] for row in audit_rows(decom.run_folder())]
    assert outcomes == ["not_selected", "released", "released", "not_selected", "not_selected"]


def test_a_value_that_no_row_has_is_said_before_anything_is_planned(decom: Command, sandbox: Sandbox) -> None:
    source = a_list(decom, ids(sandbox.world.releasable)[:1], ["Delete"])
    ran = decom("plan", source, "--only", "Operation=Remove")
    assert ran.code == 2 and sandbox.log == []
    assert "no row has 'Remove' in column 'Operation'. There are: 'Delete' (1)" in ran.err
    ran = decom("plan", source, "--only", "phn_never_listed")
    assert ran.code == 2
    assert "no row of the list names phn_never_listed" in ran.err
    assert not decom.output.exists() or list(decom.output.iterdir()) == []
