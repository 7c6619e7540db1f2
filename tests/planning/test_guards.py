"""What must hold before anything may be released: each limit one below, at it, and one above."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from decom.errors import Refused
from decom.planning.guards import (
    ACCEPTABLE,
    CLOCK_TOLERANCE,
    Extent,
    Limits,
    SourcesNotChecked,
    check_age,
    check_cost,
    check_extent,
    check_same_service,
    check_size,
    check_sources,
    check_workspace,
    extent_of,
    stricter,
)
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Source
from decom.vocabulary import Decision, SourceState
from tests.planning.oracle import saved as oracle
from tests.planning.plans import RUN, head, lists_of_rows, plan, planned

NOW = datetime(2026, 11, 23, 18, 57, 57, 120_000, tzinfo=UTC)
DAY = timedelta(days=1)


def size_refusal(releases: int, account_size: int, limits: Limits) -> Refused | None:
    try:
        check_size(releases, account_size, limits)
    except Refused as refused:
        return refused
    return None


# --- How many, and how large a share -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("releases", "limits", "passes"),
    [
        (99, Limits(), True),
        (100, Limits(), True),
        (101, Limits(), False),
        (0, Limits(max_release=1), True),
        (1, Limits(max_release=1), True),
        (2, Limits(max_release=1), False),
        (4_999, Limits(max_release=5_000), True),
        (5_000, Limits(max_release=5_000), True),
        (5_001, Limits(max_release=5_000), False),
    ],
)
def test_no_more_numbers_than_allowed(releases, limits, passes):
    assert (size_refusal(releases, 10**6, limits) is None) is passes


@pytest.mark.parametrize(
    ("releases", "account_size", "share", "passes"),
    [
        (0, 0, 0.5, True),
        (1, 0, 0.5, False),
        (1, 0, 1.0, False),
        (1, 1, 1.0, True),
        (1, 1, 0.99, False),
        (49, 100, 0.5, True),
        (50, 100, 0.5, True),
        (51, 100, 0.5, False),
        (29, 100, 0.29, True),
        (30, 100, 0.29, False),
        (57, 100, 0.57, True),
        (7, 10, 0.7, True),
        (8, 10, 0.7, False),
        (33, 100, 1 / 3, True),
        (34, 100, 1 / 3, False),
        (100, 100, 1.0, True),
        (101, 100, 1.0, False),
        (2, 5, 0.5, True),
        (3, 5, 0.5, False),
    ],
)
def test_no_larger_share_of_the_account_than_allowed(releases, account_size, share, passes):
    limits = Limits(max_release=10**6, max_share=share)
    assert (size_refusal(releases, account_size, limits) is None) is passes


def test_a_refusal_names_both_numbers_the_setting_and_the_flag():
    refused = size_refusal(1_240, 5_000, Limits(max_share=1.0))
    assert refused is not None and refused.exit_code == 5
    assert str(refused) == (
        "max_release: this would release 1,240 numbers, and at most 100 are allowed in one run\n"
        "If that is what you want, plan again with: --max-release 1240"
    )
    refused = size_refusal(1_240, 2_000, Limits(max_release=2_000))
    assert str(refused) == (
        "max_share: this would release 1,240 of the account's 2,000 numbers (62%), and at most 50% are allowed in one"
        " run\nIf that is what you want, plan again with: --max-share 0.62"
    )


@given(releases=st.integers(0, 3_000), account_size=st.integers(0, 3_000), percent=st.integers(1, 100))
@example(releases=29, account_size=100, percent=28)
@example(releases=1, account_size=3, percent=1)
def test_what_a_refusal_says_to_type_is_enough_and_hardly_more(releases, account_size, percent):
    assume(releases <= account_size)
    refused = size_refusal(releases, account_size, Limits(max_release=10**6, max_share=percent / 100))
    assert (refused is None) is (100 * releases <= percent * account_size)
    if refused is not None:
        share = float(re.findall(r"--max-share ([0-9.]+)$", refused.remedy or "")[0])
        assert size_refusal(releases, account_size, Limits(max_release=10**6, max_share=share)) is None
        assert share <= 1.0 and (share - 0.011) * account_size < releases


# --- The right workspace ----------------------------------------------------------------------------------------


EARLIER = f"earlier_run:{RUN}"


def counts(release: int, missing: int, conflicted: int = 0, protected: int = 0) -> dict[Decision, int]:
    return {
        Decision.RELEASE: release,
        Decision.MISSING: missing,
        Decision.CONFLICTED: conflicted,
        Decision.PROTECTED: protected,
        Decision.INVALID: 100,
        Decision.DUPLICATE: 100,
    }


def missing_refusal(found: dict[Decision, int], explained: int, share: float) -> Refused | None:
    rows = [
        planned(place, decision, evidence="plan" if decision is not Decision.MISSING or place >= explained else EARLIER)
        for decision, count in found.items()
        for place in range(count)
    ]
    try:
        check_workspace(extent_of(plan(*rows).rows, 400), Limits(max_missing=share))
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("found", "explained", "share", "passes"),
    [
        (counts(5, 4), 0, 0.5, True),
        (counts(5, 5), 0, 0.5, True),
        (counts(5, 6), 0, 0.5, False),
        (counts(3, 6, conflicted=2, protected=1), 0, 0.5, True),
        (counts(3, 7, conflicted=2, protected=1), 0, 0.5, False),
        (counts(0, 6), 0, 0.5, False),
        (counts(0, 6), 6, 0.5, True),
        (counts(0, 6), 3, 0.5, True),
        (counts(0, 6), 2, 0.5, False),
        (counts(0, 2, conflicted=2), 0, 0.5, True),
        (counts(0, 3, conflicted=2), 0, 0.5, False),
        (counts(1, 6), 6, 0.5, True),
        (counts(1, 9), 4, 0.5, True),
        (counts(1, 10), 4, 0.5, False),
        (counts(1, 1), 0, 0.0, False),
        (counts(1, 0), 0, 0.0, True),
        (counts(1, 999), 0, 1.0, True),
        (counts(71, 29), 0, 0.29, True),
        (counts(70, 30), 0, 0.29, False),
        ({}, 0, 0.5, True),
    ],
)
def test_a_list_that_the_account_mostly_does_not_know_is_another_accounts(found, explained, share, passes):
    assert (missing_refusal(found, explained, share) is None) is passes


def test_the_question_whether_this_is_the_right_workspace():
    assert str(missing_refusal(counts(2, 1_240), 0, 0.5)) == (
        "max_missing: 1,240 of the 1,242 numbers (100%) were not found on this account: is this the right"
        " workspace?\nIf it is, plan again with: --max-missing 1.00"
    )


@given(release=st.integers(1, 500), missing=st.integers(0, 2_000), percent=st.integers(0, 100))
def test_what_that_question_says_to_type_is_enough(release, missing, percent):
    refused = missing_refusal(counts(release, missing), 0, percent / 100)
    assert (refused is None) is (100 * missing <= percent * (missing + release))
    if refused is not None:
        share = float(re.findall(r"--max-missing ([0-9.]+)$", refused.remedy or "")[0])
        assert missing_refusal(counts(release, missing), 0, share) is None


# --- Age --------------------------------------------------------------------------------------------------------

TICK = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("since", "passes"),
    [
        (timedelta(), True),
        (DAY - TICK, True),
        (DAY, True),
        (DAY + TICK, False),
        (400 * DAY, False),
        (-TICK, True),
        (-CLOCK_TOLERANCE, True),
        (-CLOCK_TOLERANCE - TICK, False),
        (-400 * DAY, False),
    ],
)
def test_a_plan_is_carried_out_within_its_time_and_never_before_it_was_made(since, passes):
    if passes:
        check_age(head(), NOW + since, DAY)
    else:
        with pytest.raises(Refused):
            check_age(head(), NOW + since, DAY)


def test_why_a_plan_is_too_old_or_too_new():
    with pytest.raises(Refused) as old:
        check_age(head(), NOW + 2 * DAY, DAY)
    assert old.value.where == RUN
    assert old.value.what == (
        "this plan is too old: it was made at 2026-11-23T18:57:57.120Z, and a plan may be applied for 1 day, 0:00:00"
    )
    with pytest.raises(Refused) as new:
        check_age(head(), NOW - DAY, DAY)
    assert new.value.what == (
        "the plan is dated in the future:"
        " it was made at 2026-11-23T18:57:57.120Z, and it is 2026-11-22T18:57:57.120Z now"
    )
    assert "clock" in (new.value.remedy or "")


# --- The same workspace -----------------------------------------------------------------------------------------


def test_a_plan_belongs_to_one_service():
    made = head(workspace="ws-1", base_url="https://api.dialnexa.com/v1")
    check_same_service(made, "https://api.dialnexa.com/v1")
    with pytest.raises(Refused) as elsewhere:
        check_same_service(made, "https://api.dialnexa.com/v2")
    assert (
        elsewhere.value.what
        == "this plan was made for https://api.dialnexa.com/v1, not for https://api.dialnexa.com/v2"
    )
    assert elsewhere.value.where == RUN and elsewhere.value.remedy is not None


# --- Where conflicts were looked for ------------------------------------------------------------------------------


def source(name: str, state: SourceState) -> Source:
    return Source(name, state, "503 Service Unavailable")


@pytest.mark.parametrize("state", SourceState)
def test_only_a_source_that_is_there_and_was_not_checked_is_refused(state):
    if state is not SourceState.NOT_CHECKED:
        check_sources([source("campaigns", state)], (), RUN)
        return
    with pytest.raises(SourcesNotChecked) as raised:
        check_sources([source("campaigns", state)], (), RUN)
    assert raised.value.exit_code == 5 and raised.value.where == RUN
    assert raised.value.what == (
        "conflicts were not checked in campaigns (503 Service Unavailable): a number in use might be released"
    )
    assert "--accept-unchecked campaigns" in (raised.value.remedy or "")


def test_each_source_is_accepted_by_its_own_name():
    both = [source("campaigns", SourceState.NOT_CHECKED), source("batch-calls", SourceState.NOT_CHECKED)]
    with pytest.raises(SourcesNotChecked, match=r"in batch-calls \(503") as raised:
        check_sources(both, ["campaigns"], RUN)
    assert "--accept-unchecked campaigns" not in (raised.value.remedy or "")
    with pytest.raises(SourcesNotChecked, match=r"in campaigns .* and batch-calls "):
        check_sources(both, ["workflows"], RUN)
    check_sources(both, ["batch-calls", "campaigns"], RUN)
    check_sources([], (), RUN)


def test_a_run_that_has_started_is_continued_with_what_is_to_be_typed():
    with pytest.raises(SourcesNotChecked) as raised:
        check_sources([source("campaigns", SourceState.NOT_CHECKED)], ["workflows"], RUN, started=True)
    assert raised.value.remedy == (
        f"When this can be read again, type: decom resume {RUN}\n"
        "If you know that none of the listed numbers is in use there, add:"
        " --accept-unchecked campaigns --accept-unchecked workflows"
    )


def test_every_source_that_can_be_unread_can_be_accepted():
    assert {*ACCEPTABLE} == {hold.name for hold in HOLDS} - {"default-number"}


def test_the_limits_are_those_that_the_settings_promise():
    assert Limits() == Limits(max_release=100, max_share=0.5, max_missing=0.5, max_cost=None)


# --- What a plan comes to ---------------------------------------------------------------------------------------


@given(rows=lists_of_rows(), account_size=st.integers(0, 1_000))
def test_a_plan_comes_to_what_its_rows_add_up_to_one_by_one(rows, account_size):
    assert extent_of(plan(*rows).rows, account_size) == oracle.extent(rows, account_size)


# --- What it may cost -------------------------------------------------------------------------------------------


def cost_refusal(costs: list[str | None], most: str | None, **decided: Decision) -> Refused | None:
    decision = decided.get("decision", Decision.RELEASE)
    rows = [planned(place, decision, monthly_cost_usd=cost) for place, cost in enumerate(costs)]
    try:
        check_cost(extent_of(plan(*rows).rows, 400), Limits(max_cost=None if most is None else Decimal(most)))
    except Refused as refused:
        return refused
    return None


@pytest.mark.parametrize(
    ("costs", "most", "passes"),
    [
        (["1.15", "2.00"], "3.15", True),
        (["1.15", "2.00"], "3.14", False),
        (["0.1"] * 3, "0.3", True),
        (["0.1"] * 3 + ["0.0000000001"], "0.3", False),
        (["0.00"], "0", True),
        (["0.01"], "0", False),
        ([], "0", True),
        ([None], None, True),
        ([None], "1000000", False),
        (["1.15", None], "1.15", False),
        (["1.15", "free"], "1.15", False),
    ],
)
def test_no_more_rent_than_allowed_and_none_that_nobody_knows(costs, most, passes):
    assert (cost_refusal(costs, most) is None) is passes


def test_the_rent_of_what_stays_is_not_counted():
    assert cost_refusal(["1000", None], "1", decision=Decision.CONFLICTED) is None


def test_a_refusal_of_the_rent_says_both_sums_or_how_many_are_unknown():
    assert str(cost_refusal(["1000.001", "234.5"], "100")) == (
        "max_cost: this would release numbers costing USD 1,234.50 per month, and at most"
        " USD 100.00 are allowed in one run\nIf that is what you want, plan again with: --max-cost 1234.51"
    )
    assert str(cost_refusal(["1.00", None, None], "100")) == (
        "max_cost: the cost of 2 of the 3 numbers to be released is not known, so the limit of USD 100.00"
        " per month cannot be checked\nTake these numbers off the list, or leave max_cost out."
    )


# --- Then and now -----------------------------------------------------------------------------------------------

THEN = Limits(max_release=50, max_share=0.4, max_missing=0.3, max_cost=Decimal(20))


@pytest.mark.parametrize(
    ("name", "now", "counts"),
    [
        ("max_release", 49, True),
        ("max_release", 50, False),
        ("max_release", 51, False),
        ("max_share", 0.39, True),
        ("max_share", 0.41, False),
        ("max_missing", 0.0, True),
        ("max_missing", 0.31, False),
        ("max_cost", Decimal(19), True),
        ("max_cost", Decimal(21), False),
    ],
)
def test_of_then_and_now_the_stricter_limit_counts_and_says_where_it_is_set(name, now, counts):
    found = stricter(THEN, replace(Limits(), **{name: now}), {name: f"--{name}"})
    assert found == (replace(THEN, **{name: now}, set_by={name: f"--{name}"}) if counts else THEN)


def test_a_default_says_nothing_against_what_was_approved():
    assert stricter(Limits(max_release=500), Limits(), {}) == Limits(max_release=500)


def test_a_cost_that_only_now_is_limited_counts():
    now = Limits(max_cost=Decimal(5))
    assert stricter(Limits(), now, {"max_cost": "DECOM_MAX_COST"}).max_cost == 5
    assert stricter(now, Limits(), {"max_cost": "DECOM_MAX_COST"}) == now


def test_a_refusal_by_what_is_in_force_now_says_where_that_is_set():
    now = stricter(Limits(), Limits(max_release=2), {"max_release": "DECOM_MAX_RELEASE"})
    refused = size_refusal(3, 400, now)
    assert str(refused) == (
        "DECOM_MAX_RELEASE: this would release 3 numbers, and at most 2 are allowed in one run\n"
        "If that is what you want, set it to 3 there, or remove it."
    )


def test_all_limits_are_asked():
    fits = Extent(releases=2, account_size=10, missing=1, asked=4, cost=Decimal(3), unknown_costs=0)
    limits = Limits(max_release=2, max_share=0.2, max_missing=0.25, max_cost=Decimal(3))
    check_extent(fits, limits)
    for beyond in (
        replace(fits, releases=3, account_size=100),
        replace(fits, account_size=9),
        replace(fits, missing=2),
        replace(fits, cost=Decimal("3.01")),
        replace(fits, unknown_costs=1),
    ):
        with pytest.raises(Refused):
            check_extent(beyond, limits)
