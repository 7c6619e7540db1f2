"""One decision a row, by the first of six questions that fits."""

from collections.abc import Sequence, Set
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.models import Number, Price
from decom.phone_numbers.reading import Readings
from decom.planning.decide import plan_table, undecided
from decom.planning.plan import Conflict, PlannedRow, planned_rows
from decom.planning.removed import Removed
from decom.planning.survey import Survey
from decom.vocabulary import Decision
from tests.planning.oracle.rows import Row, framed
from tests.planning.plans import SPRING, findings, number, row

ONE = number("phn_1", "+14155550101", country_code="US", type="local", nickname="Desk", monthly_cost_usd="1.15")
TWO = number("phn_2", "+14155550102")
NINE = Removed("phn_9", "+14155550109", "run-1")
FREE = "no conflict found in the sources that were checked"


def decided(
    rows: list[Row],
    found: Survey,
    protected: Set[str] = frozenset(),
    removed: Sequence[Removed] = (),
) -> list[PlannedRow]:
    list_ = framed(rows)
    return list(planned_rows(plan_table(list_, found, protected, removed), list_.others))


def one(given_row: Row, found: Survey, **others: object) -> PlannedRow:
    (planned,) = decided([given_row], found, **others)  # type: ignore[arg-type]  # named as in `decided`
    return planned


def facts(planned: PlannedRow) -> tuple[Decision | None, str]:
    return planned.decision, planned.reason


# --- Release ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["phn_1", "+14155550101"])
def test_a_free_number_is_released_with_all_that_the_account_says_of_it(name):
    planned = one(row(2, name, others=("Sales",)), findings(ONE, TWO))
    assert planned == PlannedRow(
        row=2,
        input_value=name,
        decision=Decision.RELEASE,
        reason=FREE,
        number_id="phn_1",
        phone_number="+14155550101",
        country_code="US",
        type="local",
        nickname="Desk",
        monthly_cost_usd="1.15",
        cost_from="number",
        others=("Sales",),
    )


def test_an_id_and_its_number_in_one_row_agree():
    assert one(row(2, "phn_1", phone_number="+14155550101"), findings(ONE)).decision is Decision.RELEASE


def test_a_reading_that_is_only_likely_counts_where_the_account_has_it():
    assert one(row(2, "+14155550101", by_match_only=True), findings(ONE)).decision is Decision.RELEASE


# --- Invalid ----------------------------------------------------------------------------------------------------


def test_a_cell_with_a_problem_is_invalid_for_that_reason():
    planned = one(Row(2, "7", problem="too few digits", others=("x",)), findings(ONE))
    assert planned == PlannedRow(2, "7", Decision.INVALID, "too few digits", others=("x",))


@pytest.mark.parametrize(
    ("given_row", "reason"),
    [
        (
            row(2, "phn_1", phone_number="+14155550102"),
            "ID and number do not belong together: phn_1 is +14155550101 on the account, the row says +14155550102",
        ),
        (
            row(2, "phn_9", phone_number="+14155550102"),
            "the account has no phn_9, but has +14155550102 as phn_2: which is meant?",
        ),
        (
            row(2, "+14155550103"),
            "ambiguous: the account has +14155550103 2 times (phn_3, phn_4): use the ID",
        ),
        (
            row(2, "phn_5"),
            "the account does not say which number phn_5 is, so nothing could be checked for conflicts",
        ),
        (
            row(2, "phn_5", phone_number="+14155550105"),
            "ID and number do not belong together: phn_5 is None on the account, the row says +14155550105",
        ),
        (
            row(2, "+919876543210", input_value=" 919876543210 ", by_match_only=True),
            "'919876543210' has no country code that can be trusted, and the account has no +919876543210:"
            " write it with + and its country code, or use --region",
        ),
    ],
)
def test_a_row_that_cannot_be_matched_is_invalid_and_never_guessed(given_row, reason):
    found = findings(ONE, TWO, number("phn_3", "+14155550103"), number("phn_4", "+14155550103"), number("phn_5", None))
    planned = one(given_row, found)
    assert facts(planned) == (Decision.INVALID, reason)
    assert planned.country_code is None


def test_an_id_settles_which_of_two_equal_numbers_is_meant():
    found = findings(number("phn_3", "+14155550103"), number("phn_4", "+14155550103"))
    assert one(row(2, "phn_3"), found).decision is Decision.RELEASE
    assert one(row(2, "phn_4", phone_number="+14155550103"), found).decision is Decision.RELEASE
    both = decided([row(2, "phn_3"), row(3, "phn_4")], found)
    assert [each.decision for each in both] == [Decision.RELEASE, Decision.RELEASE]


# --- Duplicate --------------------------------------------------------------------------------------------------


def test_a_number_named_twice_is_decided_by_its_first_row():
    rows = [row(2, "phn_1"), row(3, "+14155550101"), row(5, "phn_1", phone_number="+14155550101"), row(6, "phn_2")]
    planned = decided(rows, findings(ONE, TWO))
    assert [each.decision for each in planned] == [
        Decision.RELEASE,
        Decision.DUPLICATE,
        Decision.DUPLICATE,
        Decision.RELEASE,
    ]
    assert [each.duplicate_of for each in planned] == [None, 2, 2, None]
    assert planned[1].reason == "the same number as row 2, which carries the decision"
    assert planned[1].number_id == "phn_1" and planned[1].phone_number == "+14155550101"


def test_what_the_account_does_not_have_can_be_a_duplicate_too():
    planned = decided([row(2, "phn_8"), row(3, "phn_8"), row(4, "+14155550199"), row(5, "+14155550199")], findings())
    assert [each.decision for each in planned] == [Decision.MISSING, Decision.DUPLICATE] * 2
    assert [each.duplicate_of for each in planned] == [None, 2, None, 4]


def test_a_row_that_cannot_be_used_carries_no_decision_for_another():
    rows = [row(2, "phn_1", phone_number="+14155550102"), row(3, "phn_1"), Row(4, "?", problem="what"), row(5, "phn_1")]
    planned = decided(rows, findings(ONE, TWO))
    assert [each.decision for each in planned] == [
        Decision.INVALID,
        Decision.RELEASE,
        Decision.INVALID,
        Decision.DUPLICATE,
    ]
    assert planned[3].duplicate_of == 3


# --- Missing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_row", "removed", "reason", "evidence"),
    [
        (row(2, "phn_9"), [], "not on the account", "plan"),
        (row(2, "+14155550109"), [], "not on the account", "plan"),
        (row(2, "phn_9", phone_number="+14155550109"), [], "not on the account", "plan"),
        (row(2, "phn_9", by_match_only=True), [], "not on the account", "plan"),
        (
            row(2, "phn_9"),
            [Removed("phn_9", None, "run-1")],
            "no longer on the account: run run-1 released it",
            "earlier_run:run-1",
        ),
        (
            row(2, "+14155550109"),
            [Removed("phn_8", "+14155550108", "run-2"), NINE],
            "no longer on the account: run run-1 released it",
            "earlier_run:run-1",
        ),
        (
            row(2, "phn_9", phone_number="+14155550109"),
            [NINE],
            "no longer on the account: run run-1 released it",
            "earlier_run:run-1",
        ),
        (
            row(2, "phn_9", phone_number="+14155550109"),
            [Removed("phn_9", None, "run-2"), Removed("phn_8", "+14155550109", "run-1")],
            "no longer on the account: run run-2 released it",
            "earlier_run:run-2",
        ),
        (
            row(2, "+14155550109", by_match_only=True),
            [NINE, Removed("phn_7", "+14155550109", "run-0")],
            "no longer on the account: run run-1 released it",
            "earlier_run:run-1",
        ),
        (
            row(2, "phn_9"),
            [replace(NINE, is_certain=False)],
            "no longer on the account: run run-1 sent a release request for it, with unknown outcome",
            "earlier_run:run-1",
        ),
    ],
)
def test_a_number_that_is_not_there_is_missing_and_may_say_why(given_row, removed, reason, evidence):
    planned = one(given_row, findings(ONE), removed=removed)
    assert (*facts(planned), planned.evidence) == (Decision.MISSING, reason, evidence)


@pytest.mark.parametrize(
    "given_row",
    [
        row(2, "phn_9"),
        row(2, "+14155550109"),
        row(2, "phn_9", phone_number="+14155550109"),
        row(2, "+14155550109", by_match_only=True),
        row(2, "+14155550188", input_value="0415 555 0109", by_match_only=True),  # as it was read then
    ],
)
def test_a_number_that_is_gone_is_known_by_every_form_in_which_it_was_named(given_row):
    gone = replace(NINE, written=("phn_9", "0415 555 0109"))
    planned = one(given_row, findings(ONE), removed=[gone])
    assert planned.decision is Decision.MISSING and planned.evidence == "earlier_run:run-1"
    assert (planned.number_id, planned.phone_number) == ("phn_9", "+14155550109")
    twice = decided([row(1, "phn_9"), given_row], findings(ONE), removed=[gone])
    assert [each.decision for each in twice] == [Decision.MISSING, Decision.DUPLICATE]


@pytest.mark.parametrize("name", ["phn_1", "+14155550101"])
def test_what_is_there_is_not_asked_about_in_the_ledger(name):
    for gone in (Removed("phn_1", "+14155550101", "run-1"), Removed("phn_9", "+14155550101", "run-1")):
        planned = one(row(2, name), findings(ONE), removed=[gone])
        assert planned.decision is Decision.RELEASE and planned.evidence == "plan"


def test_an_id_that_means_another_number_since_is_not_the_one_that_is_gone():
    gone = Removed("phn_1", "+14155550109", "run-1")
    planned = one(row(2, "+14155550109"), findings(ONE), removed=[gone])
    assert (planned.decision, planned.number_id) == (Decision.MISSING, None)
    assert planned.evidence == "earlier_run:run-1"
    assert one(row(2, "phn_1"), findings(ONE), removed=[gone]).decision is Decision.RELEASE


@pytest.mark.parametrize(
    ("given_row", "reason"),
    [
        (
            row(2, "phn_9", phone_number="+14155550102"),
            "ID and number do not belong together: phn_9 was +14155550109 on the account, the row says +14155550102",
        ),
        (
            row(2, "phn_8", phone_number="+14155550109"),
            "the account has no phn_8, and had +14155550109 as phn_9: which is meant?",
        ),
        (
            Row(2, "+1415555010 9/0", number=Readings(("+141555501090",), parts=("+14155550109",))),
            "more than one value in this cell: +14155550109 was a number of the account by itself",
        ),
        (
            Row(2, "4155550109", number=Readings(("+4155550109",), national="4155550109")),
            "'4155550109' has no country code, and the account had +14155550109: write it with + and its country code",
        ),
        (
            Row(2, "0155550101", number=Readings(("+14155550101", "+14155550109"))),
            "ambiguous: '0155550101' can be +14155550101 or +14155550109, and the account has or had both:"
            " write it with + and its country code",
        ),
        (
            Row(2, "0415 555 0109", number=Readings(("+14155550101",), certain=True)),
            "ambiguous: '0415 555 0109' can be +14155550101 or +14155550109, and the account has or had both:"
            " write it with + and its country code",
        ),
    ],
)
def test_a_row_that_was_no_way_to_name_a_number_is_none_once_it_is_gone(given_row, reason):
    gone = replace(NINE, written=("0415 555 0109",))
    assert facts(one(given_row, findings(ONE), removed=[gone])) == (Decision.INVALID, reason)


# --- Protected, conflicted --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["phn_1", "+14155550101"])
@pytest.mark.parametrize("rule", ["phn_1", "+14155550101"])
def test_a_protect_rule_holds_under_either_name_and_before_a_conflict(name, rule):
    found = findings(ONE, held={"+14155550101": (SPRING,)})
    planned = one(row(2, name), found, protected=frozenset({rule}))
    assert facts(planned) == (Decision.PROTECTED, f"on the protect list: {rule}")
    assert planned.conflicts == ()


def test_a_number_that_is_missing_needs_no_protection():
    assert one(row(2, "phn_9"), findings(ONE), protected=frozenset({"phn_9"})).decision is Decision.MISSING


def test_a_held_number_is_conflicted_and_all_that_holds_it_is_named():
    batch = Conflict("batch-calls", "bat_1", "", "running")
    found = findings(ONE, TWO, held={"+14155550101": (SPRING, batch)})
    planned = one(row(2, "phn_1"), found)
    assert facts(planned) == (
        Decision.CONFLICTED,
        'in use by campaign "Spring" cmp_1 (active); batch call bat_1 (running)',
    )
    assert planned.conflicts == (SPRING, batch)
    assert one(row(2, "phn_2"), found).decision is Decision.RELEASE


@pytest.mark.parametrize(
    "status",
    ["port_out_pending", "Port-Out Pending", "porting", "released", "deleted", "suspended", "pending", "no such word"],
)
def test_a_number_that_somebody_else_has_in_hand_is_conflicted_by_its_own_status(status):
    planned = one(row(2, "phn_7"), findings(number("phn_7", "+14155550107", status=f" {status} ")))
    assert facts(planned) == (Decision.CONFLICTED, f"its own status is {status!r}")
    assert planned.conflicts == (Conflict("number-status", "phn_7", "", status),)


@pytest.mark.parametrize("status", [None, "", " ", "active", "ACTIVE", " Active"])
def test_an_active_number_is_released_without_a_word(status):
    assert facts(one(row(2, "phn_7"), findings(number("phn_7", status=status)))) == (Decision.RELEASE, FREE)


@pytest.mark.parametrize("status", ["inactive", "In-Use", "in use", "ASSIGNED", "available", "verified"])
def test_a_status_that_nobody_else_has_to_do_with_is_shown(status):
    planned = one(row(2, "phn_7"), findings(number("phn_7", status=status)))
    assert facts(planned) == (Decision.RELEASE, f"{FREE}; the number's own status is {status!r}")


# --- Cost -------------------------------------------------------------------------------------------------------

INDIA = Price("plivo", "IN", "mobile", "2.00")


@pytest.mark.parametrize(
    ("facts_of_number", "prices", "cost"),
    [
        ({"monthly_cost_usd": "1.15", "country_code": "IN"}, [INDIA], ("1.15", "number")),
        ({"country_code": "IN", "provider": "plivo", "type": "mobile"}, [INDIA], ("2.00", "price_list")),
        ({"country_code": "IN", "provider": "plivo"}, [INDIA], ("2.00", "price_list")),
        ({"country_code": "IN", "provider": "plivo", "type": "local"}, [INDIA], (None, None)),
        ({"country_code": "IN", "provider": "other", "type": "mobile"}, [INDIA], (None, None)),
        ({"country_code": "IN", "type": "mobile"}, [INDIA], (None, None)),
        ({"country_code": "US", "provider": "plivo", "type": "mobile"}, [INDIA], (None, None)),
        ({"provider": "plivo", "type": "mobile"}, [INDIA], (None, None)),
        ({}, [Price(None, None, None, "2.00")], (None, None)),
        ({"country_code": "IN", "provider": "x"}, [Price(None, "IN", None, "3")], ("3", "price_list")),
        ({"country_code": "IN", "provider": "plivo"}, [INDIA, INDIA], ("2.00", "price_list")),
        (
            {"country_code": "IN", "provider": "plivo"},
            [INDIA, Price("plivo", "IN", "local", "1.00")],
            (None, None),
        ),
        (
            {"country_code": "IN", "provider": "plivo", "type": "local"},
            [INDIA, Price("plivo", "IN", "local", "1.00")],
            ("1.00", "price_list"),
        ),
        ({}, [], (None, None)),
    ],
)
def test_what_a_number_costs_is_said_by_itself_or_by_one_price_alone(facts_of_number, prices, cost):
    found = findings(number("phn_1", **facts_of_number), prices=tuple(prices))
    planned = one(row(2, "phn_1"), found)
    assert (planned.monthly_cost_usd, planned.cost_from) == cost


# --- Without an account -----------------------------------------------------------------------------------------


def test_where_the_account_could_not_be_asked_good_rows_have_no_decision():
    rows = [row(2, "phn_1", others=("x",)), Row(3, "?", problem="not a valid ID or phone number", others=("y",))]
    list_ = framed(rows)
    assert list(planned_rows(undecided(list_), list_.others)) == [
        PlannedRow(2, "phn_1", None, "the account could not be queried", "phn_1", others=("x",)),
        PlannedRow(3, "?", Decision.INVALID, "not a valid ID or phone number", others=("y",)),
    ]


# --- Whatever the rows ------------------------------------------------------------------------------------------

ids = st.sampled_from(["phn_1", "phn_2", "phn_3", "phn_4", "phn_9"])
phones = st.sampled_from([f"+1415555010{n}" for n in range(1, 5)])
said = st.builds(
    lambda phones, certain: Readings(tuple(phones), certain),
    st.lists(phones, min_size=1, max_size=2, unique=True),
    st.booleans(),
)
some_rows = st.lists(
    st.one_of(
        st.builds(lambda id_, phone: {"number_id": id_, "number": phone}, ids, st.none() | said),
        st.builds(lambda phone: {"number": phone}, said),
        st.just({"problem": "what is this"}),
    ),
    max_size=12,
).map(lambda given_rows: [Row(place, "cell", **each) for place, each in enumerate(given_rows, 2)])
accounts = st.lists(st.builds(Number, ids, st.none() | phones), unique_by=lambda each: each.id, max_size=4)


@given(
    rows=some_rows,
    account=accounts,
    held=st.dictionaries(phones, st.just((SPRING,))),
    protected=st.frozensets(ids | phones, max_size=3),
)
def test_whatever_the_rows_a_number_is_released_once_and_only_where_nothing_speaks_against_it(
    rows, account, held, protected
):
    found = findings(*account, held=held)
    planned = decided(rows, found, protected)
    assert [each.row for each in planned] == [each.row for each in rows]
    assert planned == decided(rows, found, protected)
    released = [each for each in planned if each.decision is Decision.RELEASE]
    assert len({each.number_id for each in released}) == len(released)
    for each in planned:
        on_account = found.numbers.get(each.number_id or "")
        if each.decision is Decision.RELEASE:
            assert on_account is not None and on_account.phone_number == each.phone_number is not None
            assert each.phone_number not in held
            assert not {each.number_id, each.phone_number} & protected
        if each.decision is Decision.MISSING:
            assert on_account is None
            assert each.phone_number is None or all(number.phone_number != each.phone_number for number in account)
        if each.decision is Decision.DUPLICATE:
            assert each.duplicate_of is not None and each.duplicate_of < each.row
            first = planned[each.duplicate_of - 2]
            assert first.decision not in (Decision.DUPLICATE, Decision.INVALID)
            assert first.number_id == each.number_id or first.phone_number == each.phone_number
