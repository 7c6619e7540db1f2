"""The plan from frames beside the one that was decided row by row: the same in every column, whatever is asked."""

from hypothesis import given, settings
from hypothesis import strategies as st

from decom.dialnexa.models import Number, Price
from decom.intake.cells import read_cell
from decom.phone_numbers.reading import Readings
from decom.planning.decide import plan_table, undecided
from decom.planning.plan import Conflict, Plan, planned_rows
from decom.planning.removed import Removed
from decom.planning.selection import Choice, InColumn, Named
from decom.planning.survey import Survey
from tests.planning.oracle import build as oracle
from tests.planning.oracle import saved
from tests.planning.oracle.rows import Row, framed
from tests.planning.plans import head

COLUMNS = ("operation", "team")

ids = st.sampled_from([f"phn_{n}" for n in range(1, 7)])
phones = st.sampled_from(
    ["+14155550101", "+14155550102", "+4930123456", "+49775591155", "+4949775591155", "+1415555010", "+4155550100"]
)
written = st.sampled_from(
    [
        "14155550101", "49 7755 91155", "4155550100", "+49 7736 9219-0", "+1 415 555-0102", "+49 30 123456/7", "phn_1",
        "0049 (0)30 123456", "=1+1", "", "+1 (415) 555 010",
    ]
)  # fmt: skip
readings = st.one_of(
    st.builds(lambda phone: Readings((phone,), certain=True), phones),
    st.builds(
        lambda several, certain, national, parts: Readings(tuple(several), certain, national=national, parts=parts),
        st.lists(phones, min_size=1, max_size=2, unique=True),
        st.booleans(),
        st.sampled_from(["", "4155550100", "155550101"]),
        st.sampled_from([(), ("+4930123456",), ("4155550101",)]),
    ),
)
said = st.one_of(
    st.builds(lambda id_, number: {"number_id": id_, "number": number}, ids, st.none() | readings),
    st.builds(lambda number: {"number": number}, readings),
    st.sampled_from([{"problem": "what is this"}, {"problem": "too few digits"}, {}]),
)
cells = st.sampled_from(["Delete", "delete ", "Update", ""])
teams = st.sampled_from(["a", "b", "=x", "\ud83d"])
costs = st.sampled_from([None, "1.15", "2", "0.10"])
kinds = st.sampled_from([None, "US", "DE"])


@st.composite
def rows_of_lists(draw: st.DrawFn) -> list[Row]:
    found = []
    for place in range(2, 2 + draw(st.integers(0, 12))):
        text, others = draw(written | st.just("cell\ud83d")), (draw(cells), draw(teams))
        if draw(st.booleans()):
            cell = read_cell(text, draw(st.sampled_from([None, "DE", "US"])))
            found.append(Row(place, text, cell.number_id, cell.number, cell.problem, cell.note, others))
        else:
            found.append(Row(place, text, others=others, **draw(said)))
    return found


numbers = st.builds(
    Number,
    ids,
    st.none() | phones | st.just("ext. 17"),
    country_code=kinds,
    type=st.sampled_from([None, "local", "mobile"]),
    nickname=st.none() | st.sampled_from(["Desk", ""]),
    provider=st.sampled_from([None, "plivo"]),
    status=st.sampled_from([None, "", "active", " Active", "in use", "port_out_pending", "Suspended"]),
    monthly_cost_usd=costs,
    created_at=st.none() | st.just("2024-01-31"),
)
prices = st.builds(
    Price, st.sampled_from([None, "plivo"]), kinds, st.sampled_from([None, "local"]), st.sampled_from(["1.00", "2.00"])
)
conflicts = st.builds(
    Conflict, st.sampled_from(["campaigns", "workflows"]), st.sampled_from(["", "c_1", "c_2"]), st.text(max_size=3),
    st.just("active"),
)  # fmt: skip
surveys = st.builds(
    lambda found, held, listed: Survey({each.id: each for each in found}, len(found), (), held, tuple(listed)),
    st.lists(numbers, unique_by=lambda each: each.id, max_size=6),
    st.dictionaries(phones, st.lists(conflicts, max_size=5).map(tuple), max_size=3),
    st.lists(prices, max_size=3),
)
removals = st.builds(
    Removed,
    ids,
    st.none() | phones,
    st.sampled_from(["run-1", "run-2"]),
    st.booleans(),
    st.lists(written | st.just("cell\ud83d"), max_size=2).map(tuple),
)
in_columns = st.lists(
    st.one_of(
        st.builds(InColumn, st.just("operation"), st.just(0), cells),
        st.builds(InColumn, st.just("team"), st.just(1), teams),
    ),
    max_size=3,
)
named = st.lists(st.builds(lambda text: Named("--only", text, read_cell(text, None)), ids | phones), max_size=2)
choices = st.builds(
    lambda only, exclude, only_named, exclude_named, limit: Choice(
        tuple(sorted(only, key=lambda rule: rule.at)), tuple(exclude), tuple(only_named), tuple(exclude_named), limit
    ),
    in_columns,
    in_columns,
    st.just([]) | named,
    st.just([]) | named,
    st.none() | st.integers(1, 4),
)


@settings(max_examples=100)
@given(
    rows=rows_of_lists(),
    found=surveys,
    protected=st.frozensets(ids | phones, max_size=2),
    removed=st.lists(removals, unique_by=lambda each: each.number_id, max_size=4),
    choice=st.just(Choice()) | choices,
)
def test_every_column_of_every_row_is_as_row_by_row(
    rows: list[Row],
    found: Survey,
    protected: frozenset[str],
    removed: list[Removed],
    choice: Choice,
):
    list_ = framed(rows, COLUMNS)
    table = plan_table(list_, found, protected, removed, choice)
    decided = list(oracle.build(rows, found, protected, removed, choice))
    assert list(planned_rows(table, list_.others)) == decided
    assert saved.differences(Plan(head(other_columns=COLUMNS), table, list_.others), decided) == []
    table, decided = undecided(list_, choice), list(oracle.undecided(rows, choice))
    assert list(planned_rows(table, list_.others)) == decided
    assert saved.differences(Plan(head(other_columns=COLUMNS), table, list_.others), decided) == []
