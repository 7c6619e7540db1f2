"""What a source names, in whatever writing: the number is held, or the source is not checked. Never silence."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.dialnexa.models import Number, number
from decom.phone_numbers import numbering
from decom.planning.holds.comparing import Meaning, Phones, compare
from decom.planning.holds.interface import HoldResult
from decom.planning.plan import Conflict, Source
from decom.vocabulary import SourceState

US, US_2, IN, GB, DE = "+14155550100", "+14155550101", "+919876543210", "+442079460958", "+4930123456"
ACCOUNT = (US, US_2, IN, GB, DE)
SPRING = Conflict("campaigns", "cmp_1", "Spring", "scheduled")


def campaigns(*named: str, state: SourceState = SourceState.CHECKED) -> HoldResult:
    return HoldResult(Source("campaigns", state, "as read"), {written: [SPRING] for written in named})


def compared(*named: str, numbers: tuple[Number, ...] = (), concerned: frozenset[str] = frozenset()):
    (source,), held = compare([campaigns(*named)], numbers, concerned)
    return source, held


@pytest.mark.parametrize(
    ("written", "numbers", "is_clear"),
    [
        (US, (US,), True),
        ("+1 (415) 555-0100", (US,), True),
        ("14155550100", (US,), True),
        ("1-415-555-0100", (US,), True),
        ("001 415 555 0100", (US,), True),
        ("4155550100", (US,), True),
        ("(415) 555-0100", (US,), True),
        ("9876543210", (IN,), True),
        ("+44 (0)20 7946 0958", (GB,), True),
        # Read in no certain way, and held all the same.
        ("09876543210", (IN,), False),
        ("020 7946 0958", (GB,), False),
        ("011 44 20 7946 0958", (GB,), False),
        ("+14155550100 ext 5", (US,), False),
        ("+14155550100, +14155550101", (US, US_2), False),
        ("+14155550100/01", (US,), False),
        # Surely another number.
        ("+14155550199", (), True),
        ("14155550199", (), True),
        ("+9876543210", (), True),
        # Who knows which.
        ("", (), False),
        ("desk", (), False),
        ("***0100", (), False),
        ("8887776665", (), False),
        ("0100", (), False),
    ],
)
def test_what_may_be_meant(written, numbers, is_clear):
    found = Phones(ACCOUNT).meant_by(written)
    assert tuple(each for each in found.numbers if each in ACCOUNT) == numbers
    assert found.is_clear is is_clear


def test_a_number_without_a_country_holds_every_number_that_ends_so():
    found = Phones(("+14155550100", "+444155550100", "+491115550100")).meant_by("4155550100")
    assert set(found.numbers) >= {"+14155550100", "+444155550100"} and found.is_clear
    assert "+491115550100" not in found.numbers


def test_a_number_that_the_account_writes_oddly_is_found_by_its_end_from_either_side():
    phones = Phones(("9876543210", "desk phone"))
    for written in (IN, "+91 98765 43210", "09876543210", "9876543210", "98765 43210"):
        assert "9876543210" in phones.meant_by(written).numbers
    assert "9876543210" not in phones.meant_by(US).numbers


def test_no_number_at_all_is_known():
    assert Phones(()).meant_by(US) == Meaning((US,), is_clear=True)
    assert not Phones(()).meant_by("9876543210").is_clear


def test_what_is_held_is_given_by_the_accounts_own_writing_and_once_for_each_holder():
    source, held = compared("1 415 555 0100", US, "9876543210", numbers=(number({"id": "phn_1", "phone_number": US}),))
    assert held[US] == (SPRING,)
    assert source.state is SourceState.NOT_CHECKED  # 9876543210 may be anybody's


def test_a_number_that_cannot_be_read_leaves_its_source_unchecked_and_what_was_read_held():
    source, held = compared(US, "desk", numbers=tuple(Number(f"phn_{n}", each) for n, each in enumerate(ACCOUNT)))
    assert source.state is SourceState.NOT_CHECKED
    assert (
        source.why == "campaign \"Spring\" cmp_1 (scheduled) calls from 'desk', and it is unclear which number that is"
    )
    assert held == {US: (SPRING,)}


def test_a_source_that_is_not_checked_keeps_its_own_reason():
    (source,), held = compare([campaigns("desk", US, state=SourceState.NOT_CHECKED)], [], frozenset())
    assert source.why == "as read" and held == {US: (SPRING,)}


ODD = Number("phn_9", "9876543210")


def test_a_number_of_the_list_that_is_not_in_e164_leaves_the_sources_unchecked():
    source, held = compared(US, numbers=(ODD,), concerned=frozenset({"phn_9"}))
    assert source.state is SourceState.NOT_CHECKED
    assert source.why == "phn_9 is '9876543210' on the account, which is not in E.164"
    assert ODD.phone_number not in held


def test_it_does_so_only_where_it_may_be_released_and_something_may_hold_it():
    assert compared(US, numbers=(ODD,))[0].checked
    assert compared(numbers=(ODD,), concerned=frozenset({"phn_9"}))[0].checked


def test_it_is_held_where_what_is_named_ends_as_it_does():
    assert compared(IN, numbers=(ODD,), concerned=frozenset({"phn_9"}))[1]["9876543210"] == (SPRING,)


def test_where_no_source_at_all_answers_nothing_was_checked():
    none = [Source(name, SourceState.NOT_APPLICABLE, "this account has none") for name in ("campaigns", "workflows")]
    default = Source("default-number", SourceState.REFUSED_BY_SERVICE, "the API does not show it")
    sources, _ = compare([HoldResult(source) for source in (*none, default)], [], frozenset())
    assert [source.state for source in sources] == [SourceState.NOT_CHECKED] * 2 + [SourceState.REFUSED_BY_SERVICE]
    assert "no other source of conflicts answers" in sources[0].why
    answering = Source("workflows", SourceState.REFUSED_BY_SERVICE, "active: Night")
    sources, _ = compare([HoldResult(source) for source in (none[0], answering, default)], [], frozenset())
    assert sources[0].state is SourceState.NOT_APPLICABLE


def ways_of_writing(e164: str) -> st.SearchStrategy[str]:
    """A number as people and programs write it, with or without its country."""
    code = numbering.country_code(e164) or ""
    national = e164[1 + len(code) :]
    bare = st.sampled_from(
        [e164, e164[1:], f"00{e164[1:]}", f"011{e164[1:]}", national, f"0{national}", f"8{national}"]
    )
    marked = f"+{code} (0){national}"

    def spread(text: str, places: list[int], separator: str) -> str:
        for place in sorted({place % len(text) for place in places} - {0}, reverse=True):
            text = f"{text[:place]}{separator}{text[place:]}"
        return text

    separators = st.sampled_from([" ", "-", ".", "/", "\u00a0", " - ", ") "])
    spread_out = st.builds(spread, bare, st.lists(st.integers(1, 20), max_size=4), separators)
    context = st.sampled_from(["", " ", "\t"])
    return st.builds(lambda a, b, c: a + b + c, context, bare | st.just(marked) | spread_out, context)


@given(chosen=st.sampled_from(ACCOUNT), data=st.data())
def test_a_number_of_the_account_that_is_named_in_any_way_is_held_or_its_source_is_not_checked(chosen, data):
    written = data.draw(ways_of_writing(chosen))
    source, held = compared(written, numbers=tuple(Number(f"phn_{n}", each) for n, each in enumerate(ACCOUNT)))
    assert chosen in held or source.state is SourceState.NOT_CHECKED


@given(
    country=st.sampled_from(["IN", "US", None]),
    own=st.sampled_from(["9876543210", "09876543210", "919876543210", "+91 98765-43210", 919876543210]),
    named=ways_of_writing(IN),
)
@example(country=None, own="9876543210", named=IN)
def test_so_it_is_where_the_account_itself_writes_its_number_in_another_way(country, own, named):
    listed = number({"id": "phn_1", "phone_number": own, "country_code": country})
    source, held = compared(named, numbers=(listed,), concerned=frozenset({"phn_1"}))
    assert listed.phone_number in held or source.state is SourceState.NOT_CHECKED


@given(written=st.text(st.characters(codec=None), max_size=40) | st.text("0123456789+-() ", max_size=40))
def test_whatever_is_written_it_is_compared(written):
    found = Phones(ACCOUNT).meant_by(written)
    assert found.is_clear or found.numbers is not None
    " ".join(found.numbers).encode("utf-8", "backslashreplace")
