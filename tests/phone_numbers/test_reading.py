"""The one reader of a phone number: what a text can mean, what it cannot, and never a third out of two."""

import re

import phonenumbers
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from decom.phone_numbers.reading import MORE_THAN_ONE, Known, Readings, looks_like_a_number, read_number


def meant(text: str, account: set[str], region: str | None = None) -> set[str]:
    """What a text means for an account, as whoever releases has to ask; empty where it must be left alone."""
    known, readings = Known(account), read_number(text, region)
    found = known.meant_by(readings)
    return set(found) & set(readings.numbers) if len(found) == 1 and known.within(readings) == () else set()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+14155550100", "+14155550100"),
        (" +14155550100\u00a0", "+14155550100"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+1-415-555-0100", "+14155550100"),
        ("tel:+1-415-555-0100", "+14155550100"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+44(0)2079460958", "+442079460958"),
        ("+49 (0) 30 / 901820", "+4930901820"),
        ("+49 123 / 42 42 42", "+49123424242"),
        ("+49 30/901820", "+4930901820"),
        ("+49 7736/9219", "+4977369219"),
        ("+61-412-345-678", "+61412345678"),
        ("+46 70/12345-67", "+46701234567"),
        ("+98 21 2345-6789", "+982123456789"),
        ("+39 02 1234 5678", "+390212345678"),
        ("+33.1.23.45.67.89", "+33123456789"),
        ("+123456789012345", "+123456789012345"),
    ],
)
def test_a_number_with_its_country_is_certain_however_it_is_separated(text, number):
    readings = read_number(text)
    assert (readings.numbers, readings.certain, readings.problem) == ((number,), True, None)
    assert meant(text, {number}) == {number}


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("14155550100", None, ("+14155550100",)),
        ("0014155550100", None, ("+14155550100",)),
        ("14155550100.0", None, ("+14155550100", "+141555501000")),
        ("+4930123450.0", None, ("+4930123450", "+49301234500")),
        ("+4402079460958", None, ("+442079460958", "+4402079460958")),
        ("0044 (0)20 7946 0958", None, ("+442079460958", "+4402079460958")),
        ("49 7755 91155", "DE", ("+4949775591155", "+49775591155")),
        ("49 7755 91155", None, ("+49775591155",)),
        ("14155552671", "IN", ("+14155552671", "+9114155552671")),
        ("+49 7736 9219-0", None, ("+49773692190",)),
        ("+49 7736 9219 \u2013 0", None, ("+49773692190",)),
        ("+4930123456 7", None, ("+49301234567",)),
    ],
)
def test_what_can_mean_more_than_one_number_is_not_certain(text, region, numbers):
    readings = read_number(text, region)
    assert (readings.numbers, readings.certain) == (numbers, False)
    assert readings.national == (re.sub(r"\.0|[^0-9]", "", text) if region is None and text[0] in "14" else "")
    for number in numbers:
        assert meant(text, {number}, region) == {number}
    if len(numbers) > 1:
        assert meant(text, set(numbers), region) == set(), "two on the account are one too many"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("09876543210", "IN", "+919876543210"),
        ("98765 43210", "IN", "+919876543210"),
        ("919876543210", "IN", "+919876543210"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("011 91 98765 43210", "US", "+919876543210"),
        ("030/901820", "DE", "+4930901820"),
    ],
)
def test_a_region_makes_certain_what_can_be_no_other_number(text, region, number):
    readings = read_number(text, region)
    assert (readings.numbers[0], readings.certain) == (number, True)


@pytest.mark.parametrize(
    "text",
    [
        "+49 30 123456/7",
        "+49 30 123456 / 7",
        "+49 30 123456\t7",
        "+49 30 123456 (7)",
        "+49 30 123456-59",
        "+49 30 123456/0",
        "+49 123 424242/3",
        "+49 123456/7",
        "+91 22 24567890/91",
        "+14155550100-0149",
        "+14155550100/01",
        "+1 555 555 0100-0149",
        "+49 30 12345-0-59",
        "+4930123 4930 124",
        "+500 12345/6",
        "0049 30 123456/7",
        "49 30 123456/7",
    ],
)
def test_two_values_in_one_text_are_never_joined(text):
    account = {"+4930123456", "+4930123457", "+49301234567", "+4912342424", "+491234242423", "+912224567890"}
    account |= {"+91222456789091", "+14155550100", "+141555501000149", "+493012345", "+493012345059", "+50012345"}
    assert read_number(text) == Readings(problem=MORE_THAN_ONE)
    assert meant(text, account | {"+500123456"}) == set()


def test_a_region_does_not_join_them_either():
    assert read_number("030 123456/7", "DE") == Readings(problem=MORE_THAN_ONE)


def test_a_part_that_is_a_number_of_the_account_makes_it_several_values():
    assert meant("+4930123456 7", {"+49301234567"}) == {"+49301234567"}
    assert meant("+4930123456 7", {"+49301234567", "+4930123456"}) == set()
    assert meant("+49 7736 9219-0", {"+49773692190", "+4977369219"}) == set()
    assert meant("4155550 1002", {"+41555501002", "+14155550"}) == set(), "the part's country is not said either"


def test_digits_without_a_country_may_be_those_of_any():
    assert meant("4155550100", {"+4155550100"}) == {"+4155550100"}
    assert Known({"+4155550100", "+14155550100"}).meant_by(read_number("4155550100")) == ("+4155550100", "+14155550100")
    assert meant("4155550100", {"+4155550100", "+14155550100"}) == set()
    assert meant("4155550100", {"+14155550100"}) == set(), "not even +1 was said"
    abroad = {"+14155550100", "+914155550100"}
    assert set(Known(abroad).meant_by(read_number("4155550100"))) == abroad
    assert Known({"+2101234567"}).meant_by(read_number("+14155550100")) == (), "of no country, and not asked for"


def test_what_was_left_out_is_noted():
    assert read_number("+14155550100").note == ""
    assert read_number(" +14155550100 ").note == "surrounding blanks removed"
    assert read_number("tel:+1 415 555 0100").note == "tel: removed; separators removed"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\u202a+14155550100\u202c", "invisible character U+202A at position 1"),
        ("+14155550100\u200e", "invisible character U+200E at position 13"),
        ("+1415555010", None),
        ("+14155550100 +14155550101", "a + in the middle of a number: more than one value in this cell?"),
        ("Front desk", "not a valid ID or phone number"),
        ("", "not a valid ID or phone number: it has no digits"),
        ("+14155550100;ext=5", "a number with an extension: only the number itself can be released"),
        ("2026-11-23", "this cell is a date"),
        ("1" * 128, "too many digits for a phone number: 128 (maximum 15)"),
        ("1" * 129, "too long for an ID or a number: 129 characters"),
        ("09876543210", "no country code: write the number with + and its country code, or set its country with "
                        "--region"),
    ],
)  # fmt: skip
def test_what_is_no_number_says_why(text, problem):
    assert read_number(text).problem == problem


NUMBERS = [
    number
    for region in ("US", "IN", "GB", "DE", "AU", "IT", "BR", "FR", "JP", "SG", "AE", "MX", "SE", "AT", "ID", "FK")
    if (number := phonenumbers.example_number(region)) is not None
]


def test_every_countrys_own_way_of_printing_is_read():
    for number in NUMBERS:
        printed = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for separator in (" ", "-", "/", ".", " - ", "\u2011"):
            readings = read_number(re.sub("[ -]", separator, printed))
            assert (readings.numbers, readings.certain) == ((e164,), True), (printed, separator)


# Numbers that differ in their last digits, as the lines of one company do, of lengths that several countries allow.
lines = st.builds(
    lambda stem, ending: stem + ending,
    st.sampled_from(["+493012345", "+4930123456", "+1415555", "+1415555010", "+912224567", "+5001234", "+431234567"]),
    st.text("0123456789", min_size=1, max_size=4),
).filter(lambda number: 7 <= len(number) - 1 <= 15)
gaps = st.sampled_from([" ", "  ", "/", "-", " / ", " - ", "\t", ".", "\u2013", " (", ") ", "\u00a0", ", ", "; ", "|"])


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """A number as somebody writes it: with + or 00 or nothing, its digits grouped somehow."""
    digits = number[1:]
    for at in sorted(draw(st.sets(st.integers(1, len(digits) - 1), max_size=3)), reverse=True):
        digits = digits[:at] + draw(st.sampled_from([" ", "-", ".", "/"])) + digits[at:]
    return draw(st.sampled_from(["+", "00", "", "(+)", "tel:+"])) + digits


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str, str]:
    """Two numbers, and a text that lists both: the second whole, at home's writing, or by its ending alone."""
    first, second = draw(lines), draw(lines)
    assume(first != second)
    ending = second[draw(st.integers(1, len(second) - 1)) :]
    text = draw(written(first)) + draw(gaps) + draw(st.one_of(written(second), st.just(ending)))
    return first, second, text


@given(pair=pairs(), region=st.sampled_from([None, "DE", "US", "IN", "FK"]), others=st.sets(lines, max_size=6))
@example(pair=("+4930123456", "+4930123457", "+49 30 123456/7"), region=None, others={"+49301234567"})
@example(pair=("+5001234", "+5001235", "5001234 5001235"), region="FK", others={"+50012345001235"})
def test_a_text_of_two_numbers_means_neither_and_no_third(pair, region, others):
    first, second, text = pair
    joined = re.sub("[^0-9]", "", text)
    account = {first, second, *others, "+" + joined, "+" + joined.removeprefix("00")}
    assert meant(text, account, region) == set()


@given(text=st.text() | st.text("+0123456789 .()/-\t", max_size=30), region=st.sampled_from([None, "IN", "DE", "US"]))
@example(text="+" + "1 " * 60 + "ext", region="US")
def test_any_text_gives_numbers_or_a_problem_and_never_raises(text, region):
    readings = read_number(text, region)
    assert (readings.problem is None) == (len(readings.numbers) > 0)
    assert all(re.fullmatch(r"\+[1-9][0-9]{6,14}", number, re.ASCII) for number in readings.numbers)
    assert len(set(readings.numbers)) == len(readings.numbers)
    if readings.problem is None:
        assert looks_like_a_number(text.strip(" \t\u00a0\ufeff"))
