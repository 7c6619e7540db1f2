"""JSON of either generation in, one form out; what is strange is nothing, and never a guess."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.dialnexa.models import (
    SAFE_ID,
    BatchCall,
    Call,
    Campaign,
    Malformed,
    Number,
    Price,
    Workflow,
    batch_call,
    call,
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


@pytest.mark.parametrize("strange", [None, "", 1.5, True, ["+14155550100"], {"e164": "+14155550100"}])
def test_a_field_of_a_strange_type_is_left_out(strange):
    names = ("phone_number", "country_code", "type", "nickname", "label", "provider", "created_at")
    assert number({"id": "phn_1", **dict.fromkeys(names, strange)}) == Number("phn_1", None)


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("active", "active"),
        ("Port_Out_Pending", "Port_Out_Pending"),
        ("", None),
        (None, None),
        (3, "3"),
        (False, "false"),
        ({"state": "released"}, '{"state": "released"}'),
    ],
)
def test_a_numbers_own_status_is_kept_as_the_service_says_it_in_whatever_form(status, kept):
    assert number({"id": "phn_1", "status": status}).status == kept


@pytest.mark.parametrize(
    ("written", "country", "phone_number"),
    [
        ("+14155550100", None, "+14155550100"),
        ("+1 (415) 555-0100", None, "+14155550100"),
        ("14155550100", None, "+14155550100"),
        (14155550100, None, "+14155550100"),
        ("1 415 555 0100", None, "+14155550100"),
        ("9876543210", "IN", "+919876543210"),
        ("09876543210", "in", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        # What cannot be told stays as it is written, and is compared by its end: see `holds/comparing.py`.
        ("9876543210", None, "9876543210"),
        ("09876543210", None, "09876543210"),
        ("9876543210", "XX", "9876543210"),
        ("sip:desk@example.com", "US", "sip:desk@example.com"),
        ("+14155550100 ext 5", "US", "+14155550100 ext 5"),
        ("+14155550100, +14155550101", None, "+14155550100, +14155550101"),
    ],
)
def test_a_number_is_mended_where_only_separators_or_its_plus_are_missing(written, country, phone_number):
    found = number({"id": "phn_1", "phone_number": written, "country_code": country})
    assert found.phone_number == phone_number


@pytest.mark.parametrize("id_", ["phn_1", "a", "A-Z_09", "p" * 128])
def test_an_id_that_may_stand_in_a_url_is_taken(id_):
    assert number({"id": id_}).id == id_


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": None},
        {"id": True},
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


def test_an_id_that_is_a_whole_number_is_one_for_what_is_only_read_and_none_for_a_phone_number():
    assert [understand({"id": 7}).id for understand in (campaign, batch_call, workflow)] == ["7"] * 3
    with pytest.raises(Malformed):
        number({"id": 7})


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
    assert batch_call({"id": "bat_1", "from_number": "+14155550100"}).from_number == "+14155550100"


def test_a_workflow():
    assert workflow({"id": "wf_1", "name": "Intake", "status": "draft"}) == Workflow("wf_1", "Intake", "draft")


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ({"from_number": "+14155550100", "to_number": "+1"}, "+14155550100"),
        ({"from_phone_number": "415 555 0100"}, "415 555 0100"),
        ({"from_number": 14155550100}, "14155550100"),
        ({}, None),
        ({"from_number": None}, None),
        ({"from_number": ""}, None),
        ({"from_number": ["+14155550100"]}, None),
    ],
)
def test_a_call_says_from_which_number_or_that_it_does_not(record, number):
    assert call({"id": "c1", **record}) == Call("c1", number)
    assert call({"id": 5, **record}).id == "5"


def test_calls_without_an_id_are_told_apart_by_all_that_they_say():
    one, other = {"from_number": "+1", "to_number": "+2"}, {"from_number": "+1", "to_number": "+3"}
    assert call(one).id != call(other).id
    assert call(one) == call({"to_number": "+2", "from_number": "+1"})


@pytest.mark.parametrize("record", [[], None, "+14155550100"])
def test_a_call_that_is_no_object_is_malformed(record):
    with pytest.raises(Malformed):
        call(record)


@pytest.mark.parametrize(
    ("record", "cost"),
    [
        ({"monthly_cost_usd": "1.15"}, "1.15"),
        ({"monthly_price_usd": 2.5}, "2.5"),
        ({"monthly_cost": 2, "currency": "USD"}, "2"),
        ({"monthly_price": "0", "currency": " usd "}, "0"),
        ({"price": "3.00", "currency": "USD"}, "3.00"),
        ({"monthly_cost_usd": "free", "price": "3.00", "currency": "USD"}, "3.00"),
        ({"monthly_cost_usd": "1.15", "price": "3.00"}, "1.15"),
    ],
)
def test_a_price(record, cost):
    place = {"provider": "plivo", "country_code": "IN", "type": "mobile"}
    assert price({**place, **record}) == Price("plivo", "IN", "mobile", cost)
    assert price(record) == Price(None, None, None, cost)


@pytest.mark.parametrize(
    "record",
    [
        {"credit_cost": 3, "telephony_provider_id": "tp_1", "country_iso": "IN", "country_name": "India"},
        {"price": "3.00"},
        {"monthly_cost": "3.00"},
        {"monthly_price": "3.00", "currency": "INR"},
        {"price": "3.00", "currency": "credits"},
    ],
)
def test_what_is_not_said_to_be_in_dollars_is_no_price(record):
    assert price({"provider": "plivo", "country_code": "IN", **record}) is None


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
names = st.sampled_from(
    ["id", "phone_number", "status", "name", "from_phone_number", "from_number", "monthly_cost_usd"]
)
records = st.dictionaries(names, values) | values


@given(record=records)
@example(record={"id": "phn_1", "monthly_cost_usd": 1.7976931348623157e308})
def test_whatever_a_record_holds_it_is_understood_or_malformed(record):
    for understand in (number, campaign, batch_call, workflow, price, call):
        try:
            found = understand(record)
        except Malformed:
            continue
        repr(found).encode("utf-8")
        if isinstance(found, Number):
            assert SAFE_ID.fullmatch(found.id)
            assert found.monthly_cost_usd is None or len(found.monthly_cost_usd) < 40
            (found.phone_number or "").encode("utf-8")
