"""The made-up account: the same from the same seed, with what a client has to cope with, and quick to change."""

import subprocess
import sys

import phonenumbers
import pytest

from decom.sandbox.account import SandboxAccount

BOTH = pytest.mark.parametrize("generation", ["first", "second"])


def ids(rows):
    return [row["id"] for row in rows]


@BOTH
def test_the_same_seed_makes_the_same_account_and_another_seed_another(generation):
    one, same = (
        SandboxAccount.made_up(seed=7, generation=generation),
        SandboxAccount.made_up(seed=7, generation=generation),
    )
    assert one.numbers == same.numbers
    assert one.campaigns == same.campaigns
    assert one.batch_calls == same.batch_calls
    assert one.secret_holds == same.secret_holds
    assert SandboxAccount.made_up(seed=8, generation=generation).numbers != one.numbers


@BOTH
@pytest.mark.parametrize(
    ("numbers", "held", "secretly_held"), [(400, 25, 5), (1, 0, 0), (0, 0, 0), (7, 3, 4), (50, 50, 0)]
)
def test_the_amounts_asked_for_are_there_and_every_number_is_in_one_part(generation, numbers, held, secretly_held):
    account = SandboxAccount.made_up(generation=generation, numbers=numbers, held=held, secretly_held=secretly_held)
    assert (len(account.held_openly), len(account.held_secretly)) == (held, secretly_held)
    parts = ids(account.releasable) + ids(account.held_openly) + ids(account.held_secretly)
    assert sorted(parts) == sorted(account.numbers)
    assert len(account.numbers) == numbers


@pytest.mark.parametrize("amounts", [{"numbers": -1}, {"numbers": 3, "held": 2, "secretly_held": 2}, {"held": -1}])
def test_amounts_that_do_not_fit_together_are_refused(amounts):
    with pytest.raises(ValueError, match="no more can be held than there are numbers"):
        SandboxAccount.made_up(**amounts)


def test_a_generation_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="third"):
        SandboxAccount([], generation="third")  # type: ignore[arg-type]  # the mistake that is tested


def test_every_made_up_number_is_valid_unique_and_of_the_country_it_says():
    account = SandboxAccount.made_up(numbers=5000)
    spoken = [row["phone_number"] for row in account.numbers.values()]
    assert len(set(spoken)) == len(spoken) == 5000
    for row in account.numbers.values():
        parsed = phonenumbers.parse(row["phone_number"])
        assert phonenumbers.is_valid_number(parsed), row
        assert phonenumbers.region_code_for_number(parsed) == row["country_code"], row
    assert {row["country_code"] for row in account.numbers.values()} == {"IN", "US", "GB", "AU"}


def test_some_fields_are_null_or_absent_as_on_a_real_account():
    rows = SandboxAccount.made_up().numbers.values()
    for name in ("nickname", "label", "monthly_cost_usd", "created_at", "capabilities"):
        assert any(name not in row for row in rows), name
        assert any(name in row and row[name] is None for row in rows), name


def test_the_first_generation_has_campaigns_in_every_status():
    statuses = {campaign["status"] for campaign in SandboxAccount.made_up().campaigns}
    assert statuses == {"active", "running", "scheduled", "paused", "completed", "cancelled"}


def test_the_second_generation_has_batches_and_workflows_in_every_status():
    account = SandboxAccount.made_up(generation="second")
    assert {batch["status"] for batch in account.batch_calls} == {
        "running",
        "waiting",
        "scheduled",
        "paused",
        "completed",
        "cancelled",
    }
    assert {flow["status"] for flow in account.workflows} == {"draft", "active", "paused", "completed", "cancelled"}
    assert account.campaigns == []


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("active", True),
        ("Running", True),
        ("a word we do not know", True),
        ("scheduled", False),
        ("paused", False),
        ("completed", False),
        ("cancelled", False),
    ],
)
def test_a_campaigns_status_decides_whether_a_release_is_refused(status, refused):
    row = {"id": "phn_1", "phone_number": "+919800000001", "status": "active"}
    campaign = {"id": "cmp_1", "name": "Diwali offers", "status": status, "from_phone_number": "+919800000001"}
    why = SandboxAccount([row], campaigns=[campaign]).why_held("phn_1")
    assert (why is not None) is refused
    assert why is None or ("Diwali offers" in why and status in why)


def test_an_account_can_be_made_up_without_loading_a_server():
    code = (
        "import sys; import decom.sandbox.account; "
        "assert not {'starlette', 'uvicorn', 'h11'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
