"""Lists and rules as people write them, to the end: the server's own memory says what went, and what stayed."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Command
from tests.end_to_end.readings import audit, audit_rows
from tests.service.server import Sandbox
from tests.service.world import World, a_number

SAMPLES = Path(__file__).resolve().parents[2] / "input_samples"


def account(*numbers: str, **statuses: str) -> World:
    """An account of these numbers; `statuses` by the number's digits, such as `n14155550100="porting"`."""
    return World(
        [
            a_number(f"phn_{number[1:]}", number, **({"status": status} if status is not None else {}))
            for number in numbers
            for status in [statuses.get(f"n{number[1:]}")]
        ]
    )


def test_of_a_list_with_two_values_in_a_cell_only_what_is_one_number_goes(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(
        account("+4930123456", "+4930123457", "+49301234567", "+912224567890", "+14155550100", "+493012345059",
                "+49123424242", "+49773692190", "+442079460958", "+14155550101")
    )  # fmt: skip
    decom = decom_for(sandbox)
    (decom.folder / "never.txt").write_text("+44 (0)20 7946 0958  # the front desk\n+1 212 555 0199\n")
    ran = decom("run", SAMPLES / "two_values.csv", "--protect", "never.txt", "--execute", "--yes")
    assert ran.code == 3, ran.err
    assert set(sandbox.removed) == {"phn_49123424242", "phn_49773692190"}
    rows = audit_rows(decom.run_folder())
    assert [row["outcome"] for row in rows] == [*["invalid"] * 5, "released", "released", "protected"]
    assert {row["reason"] for row in rows[:4]} == {"more than one value in this cell"}
    (protect,) = [source for source in audit(decom.run_folder())["sources"] if source["name"] == "protect-file"]
    assert protect["why"] == "2 rules in never.txt; 1 matches nothing on the account: +12125550199"


def test_a_rule_that_is_not_certain_stops_everything_before_anything_is_asked(decom: Command, sandbox: Sandbox) -> None:
    (decom.folder / "never.txt").write_text("phn_1\n020 7946 0958\n")
    (decom.folder / "numbers.csv").write_text("id\nphn_1\n")
    ran = decom("run", "numbers.csv", "--protect", "never.txt", "--execute", "--yes")
    assert ran.code == 2 and sandbox.log == []
    assert "never.txt, line 2: '020 7946 0958' is neither an ID nor a number" in ran.err


def test_a_number_that_is_being_ported_stays_and_its_status_is_shown(
    start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]
) -> None:
    sandbox = start_sandbox(
        account("+14155550100", "+14155550101", "+14155550102", "+14155550103",
                n14155550100="port_out_pending", n14155550101="Inactive")
    )  # fmt: skip
    decom = decom_for(sandbox)
    (decom.folder / "numbers.csv").write_text("phone number\n+14155550100\n+14155550101\n")
    ran = decom("run", "numbers.csv", "--execute", "--yes")
    assert ran.code == 3, ran.err
    assert set(sandbox.removed) == {"phn_14155550101"}
    assert "number status phn_14155550100 (port_out_pending): +14155550100" in ran.out
    held, _ = audit_rows(decom.run_folder())
    assert (held["outcome"], held["reason"]) == (
        "conflicted",
        "its own status is 'port_out_pending'",
    )
    assert "Number status" in (decom.run_folder() / "conflicts.csv").read_text()
    assert "the number's own status is 'Inactive'" in (decom.run_folder() / "plan.csv").read_text()
