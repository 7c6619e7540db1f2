"""The same list, night after night: what an earlier night released is known by every form in which it was named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.end_to_end.readings import audit_rows
from tests.end_to_end.test_as_people_write import account
from tests.service.server import Sandbox
from tests.service.world import a_number


def write(decom: Command, *lines: str) -> Path:
    path = decom.folder / "numbers.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def night(decom: Command, *flags: object) -> tuple[int, list[tuple[str, str]]]:
    """One run over the list: its exit code, and each row's outcome and evidence."""
    ran = decom("run", "numbers.csv", *flags, "--max-share", "1", "--execute", "--yes")
    return ran.code, [(row["outcome"], row["evidence"]) for row in audit_rows(decom.run_folder())]


@pytest.fixture
def nightly(start_sandbox: Callable[..., Sandbox], decom_for: Callable[[Sandbox], Command]) -> Command:
    return decom_for(
        start_sandbox(
            account("+912224567890", "+4930123456", "+14155550101", "+49301234567", "+49775591155", "+919876543210")
        )
    )


def test_what_was_released_is_missing_the_next_night_however_the_rows_write_it(nightly: Command) -> None:
    write(
        nightly,
        "id,phone number",
        ",912224567890",  # no country is said: only the account can tell
        ",+91 22 2456 7890",
        "phn_912224567890,",
        ",0049 (0)30 123456",
        ",+4930123456",
        "phn_14155550101,",
        ",+1 (415) 555-0101",
        "phn_14155550101,14155550101",
    )
    released, duplicate = ("released", "answered_2xx"), ("duplicate", "plan")
    first, rows = night(nightly)
    assert (first, rows) == (
        0,
        [released, duplicate, duplicate, released, duplicate, released, duplicate, duplicate],
    )
    missing = ("missing", f"earlier_run:{nightly.run_folder().name}")
    for _ in range(2):
        code, rows = night(nightly)
        assert (code, rows) == (
            0,
            [missing, duplicate, duplicate, missing, duplicate, missing, duplicate, duplicate],
        )
    shown = audit_rows(nightly.run_folder())
    assert {row["number_id"] for row in shown[:3]} == {"phn_912224567890"}
    assert {row["phone_number"].lstrip("'") for row in shown[:3]} == {"+912224567890"}


def test_a_cell_with_two_values_releases_no_third_once_one_of_them_is_gone(nightly: Command) -> None:
    """`+49 30 123456 7`: the first night it may be +4930123456 with something behind it, and that one goes."""
    write(nightly, "phone number", "+49 30 123456 7", "+4930123456")
    code, rows = night(nightly)
    assert (code, [outcome for outcome, _ in rows]) == (3, ["invalid", "released"])
    code, rows = night(nightly)
    assert (code, [outcome for outcome, _ in rows]) == (3, ["invalid", "missing"])
    assert nightly.server is not None and "phn_49301234567" in nightly.server.world.numbers


def test_a_row_that_meant_a_released_number_never_means_another_one_later(nightly: Command) -> None:
    """Read as a number of India it named one that is gone; read as one of Germany it would name one that is there."""
    assert nightly.server is not None
    write(nightly, "phone number", "9876543210")
    code, rows = night(nightly, "--region", "IN")
    assert (code, [outcome for outcome, _ in rows]) == (0, ["released"])
    nightly.server.world.put_back(a_number("phn_9", "+9876543210"))
    code, rows = night(nightly)
    assert (code, [outcome for outcome, _ in rows]) == (3, ["invalid"])
    assert "phn_9" in nightly.server.world.numbers


def test_a_number_that_was_bought_again_is_one_of_the_account_as_any_other(nightly: Command) -> None:
    assert nightly.server is not None
    write(nightly, "phone number", "912224567890")
    night(nightly)
    nightly.server.world.put_back(a_number("phn_again", "+912224567890"))
    code, rows = night(nightly)
    assert (code, rows) == (0, [("released", "answered_2xx")])
    code, rows = night(nightly)
    assert (code, rows) == (0, [("missing", f"earlier_run:{sorted(nightly.output.iterdir())[1].name}")])
