"""JSON of either generation in, one form out; what is strange is nothing, and never a guess."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.dialnexa.models import (
    SAFE_ID,
    BatchCall,
    Campaign,
    Malformed,
    Number,
    Price,
    Workflow,
    batch_call,
    batch_call_numbers,
    campaign,
    number,
    price,
    workflow,
)

FIRST_GENERATION = {
    "id": "phn_1",
    "phone_number": "+14155550100",
    "country_code": "US",
    "type": "local",
    "nickname": "Front desk",
    "label": "not this one",
    "agent_id": None,
    "status": "active",
    "provider": "twilio",
    "monthly_cost_usd": "1.15",
    "capabilities": ["voice"],
    "created_at": "2026-01-31T00:00:00.000Z",
}
SECOND_GENERATION = {
    "id": "phn_2",
    "phone_number": "+919876543210",
    "provider": "plivo",
    "status": "active",
    "country_code": "IN",
    "nickname": "",
}


def test_a_number_of_the_first_generation():
    assert number(FIRST_GENERATION) == Number(
        id="phn_1",
        phone_number="+14155550100",
        country_code="US",
        type="local",
        nickname="Front desk",
        provider="twilio",
        status="active",
        monthly_cost_usd="1.15",
        created_at="2026-01-31T00:00:00.000Z",
    )


def test_a_number_of_the_second_generation():
    assert number(SECOND_GENERATION) == Number(
        "phn_2", "+919876543210", country_code="IN", provider="plivo", status="active"
    )


def test_a_number_of_which_nothing_is_said_but_its_id():
    assert number({"id": "phn_3"}) == Number("phn_3", None)


def test_a_label_stands_in_for_a_nickname():
    assert number({"id": "phn_1", "nickname": None, "label": "Sales"}).nickname == "Sales"


@pytest.mark.parametrize("strange", [None, "", 7, 1.5, True, ["+14155550100"], {"e164": "+14155550100"}])
def test_a_field_of_a_strange_type_is_left_out(strange):
    names = ("phone_number", "country_code", "type", "nickname", "label", "provider", "status", "created_at")
    assert number({"id": "phn_1", **dict.fromkeys(names, strange)}) == Number("phn_1", None)


@pytest.mark.parametrize("id_", ["phn_1", "a", "A-Z_09", "p" * 128])
def test_an_id_that_may_stand_in_a_url_is_taken(id_):
    assert number({"id": id_}).id == id_


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "p" * 129},
        {"id": "phn_1/../phn_2"},
        {"id": "phn_1\n"},
        {"id": "\u0440hn_1"},
        {"id": "phn.1"},
        {"id": "%2e"},
        {"id": "phn_1\ud83d"},
        [],
        "phn_1",
        None,
        7,
    ],
)
@pytest.mark.parametrize("understand", [number, campaign, batch_call, workflow])
def test_a_record_without_a_usable_id_is_malformed(understand, record):
    with pytest.raises(Malformed):
        understand(record)


def test_half_a_surrogate_pair_becomes_its_escape_wherever_it_stands():
    found = number({"id": "phn_1", "phone_number": "\ud83d", "nickname": "a\udfffb", "status": "\ud83d\ude00"})
    assert (found.phone_number, found.nickname, found.status) == ("\\ud83d", "a\\udfffb", "\\ud83d\\ude00")
    named = campaign({"id": "cmp_1", "name": "\ud83d", "status": "\ud83d", "from_phone_number": "\ud83d"})
    assert named == Campaign("cmp_1", "\\ud83d", "\\ud83d", "\\ud83d")


def test_a_campaign():
    record = {"id": "cmp_1", "name": "Spring", "status": " Active ", "from_phone_number": "+14155550100"}
    assert campaign(record) == Campaign("cmp_1", "Spring", "active", "+14155550100")
    assert campaign({"id": "cmp_2"}) == Campaign("cmp_2", "", "", None)


def test_a_batch_call():
    assert batch_call({"id": "bat_1", "title": "June", "status": "RUNNING"}) == BatchCall("bat_1", "June", "running")
    assert batch_call({"id": "bat_1", "name": "a", "title": "b"}) == BatchCall("bat_1", "a", "")


def test_a_workflow():
    assert workflow({"id": "wf_1", "name": "Intake", "status": "draft"}) == Workflow("wf_1", "Intake", "draft")


def test_the_numbers_of_a_batch_call():
    calls = [{"from_number": "+14155550100"}, {"from_number": "+14155550100", "to_number": "+1"}]
    assert batch_call_numbers({"callLogs": calls}) == {"+14155550100"}
    assert batch_call_numbers({"callLogs": []}) == frozenset()


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"callLogs": None},
        {"callLogs": {}},
        {"callLogs": ["+14155550100"]},
        {"callLogs": [{}]},
        {"callLogs": [{"from_number": None}]},
        {"callLogs": [{"from_number": "+14155550100"}, {"from_number": ""}]},
        [],
        None,
    ],
)
def test_a_batch_call_that_hides_a_number_is_malformed_and_not_empty(record):
    with pytest.raises(Malformed):
        batch_call_numbers(record)


@pytest.mark.parametrize(
    ("record", "cost"),
    [
        ({"monthly_cost_usd": "1.15"}, "1.15"),
        ({"monthly_cost": 2}, "2"),
        ({"monthly_price_usd": 2.5}, "2.5"),
        ({"monthly_price": "0"}, "0"),
        ({"price": "3.00"}, "3.00"),
        ({"monthly_cost_usd": "free", "price": "3.00"}, "3.00"),
        ({"monthly_cost_usd": "1.15", "price": "3.00"}, "1.15"),
    ],
)
def test_a_price(record, cost):
    place = {"provider": "plivo", "country_code": "IN", "type": "mobile"}
    assert price({**place, **record}) == Price("plivo", "IN", "mobile", cost)
    assert price(record) == Price(None, None, None, cost)


def test_a_line_without_a_price_is_none_and_one_that_is_no_object_is_malformed():
    assert price({"provider": "plivo", "price": "on request"}) is None
    with pytest.raises(Malformed):
        price("1.15")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("1.15", "1.15"),
        ("0.00", "0.00"),
        ("1000000", "1000000"),
        (1, "1"),
        (0, "0"),
        (1.1, "1.1"),
        (1e-07, "0.0000001"),
        (1_000_000, "1000000"),
        (1_000_000.01, None),
        ("1000000.01", None),
        ("-0.01", None),
        (-1, None),
        ("1e2", None),
        ("1E-999999999", None),
        ("0E-999999999", None),
        ("0." + "0" * 5_000, None),
        ("1_000", None),
        (" 1.15", None),
        ("1,15", None),
        ("$1.15", None),
        ("\u0661", None),
        ("", None),
        ("NaN", None),
        ("sNaN", None),
        ("Infinity", None),
        (float("nan"), None),
        (float("inf"), None),
        (5e-324, None),
        (True, None),
        (None, None),
        ([], None),
        (1e308, None),
        (10**4_000, None),
    ],
)
def test_money_is_a_plain_decimal_or_unknown(said, kept):
    assert number({"id": "phn_1", "monthly_cost_usd": said}).monthly_cost_usd == kept


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.lists(st.none())
)
names = st.sampled_from(["id", "phone_number", "status", "name", "from_phone_number", "monthly_cost_usd", "callLogs"])
records = st.dictionaries(names, values) | values


@given(record=records)
@example(record={"id": "phn_1", "monthly_cost_usd": 1.7976931348623157e308})
def test_whatever_a_record_holds_it_is_understood_or_malformed(record):
    for understand in (number, campaign, batch_call, workflow, price, batch_call_numbers):
        try:
            found = understand(record)
        except Malformed:
            continue
        repr(found).encode("utf-8")
        if isinstance(found, Number):
            assert SAFE_ID.fullmatch(found.id)
            assert found.monthly_cost_usd is None or len(found.monthly_cost_usd) < 40
            (found.phone_number or "").encode("utf-8")
