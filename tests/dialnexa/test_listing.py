"""Pages in every envelope, and one whole listing out of them, or the reason why it cannot be called whole."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa import models
from decom.dialnexa.listing import MOST_PAGES, MOST_READINGS, PAGE_SIZE, Because, Listing, NotRead, Page, page, read_all
from decom.dialnexa.models import Malformed, Number

Fetch = Callable[[int], Page | NotRead]
ROWS = [{"id": "phn_1"}, {"id": "phn_2"}]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"data": ROWS, "meta": {"page": 1, "limit": 100, "total": 2, "totalPages": 1}}, Page(ROWS, 2)),
        ({"items": ROWS, "total": 2, "page": 1, "limit": 100}, Page(ROWS, 2)),
        (
            {"statusCode": 200, "message": "ok", "data": ROWS, "meta": {"totalItems": 2, "currentPage": 1}},
            Page(ROWS, 2),
        ),
        (ROWS, Page(ROWS, None)),
        ([], Page([], None)),
        ({"data": []}, Page([], None)),
        ({"data": [], "meta": {"total": 0}}, Page([], 0)),
        ({"data": ROWS, "meta": None}, Page(ROWS, None)),
        ({"data": ROWS, "meta": [2]}, Page(ROWS, None)),
        ({"data": ROWS, "meta": {"total": None, "totalItems": 2}}, Page(ROWS, 2)),
        ({"data": ROWS, "meta": {"total": True}}, Page(ROWS, None)),
        ({"data": ROWS, "meta": {"total": -1}}, Page(ROWS, None)),
        ({"data": ROWS, "meta": {"total": "2"}}, Page(ROWS, None)),
        ({"data": ROWS, "meta": {"total": 2.0}}, Page(ROWS, None)),
        ({"data": ROWS, "total": 2}, Page(ROWS, 2)),
    ],
)
def test_a_page_in_each_envelope(body, found):
    assert page(body) == found


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        "x",
        {},
        {"data": None},
        {"data": {}},
        {"data": {"id": "phn_1"}},
        {"items": "x"},
        {"data": None, "items": []},
    ],
)
def test_what_is_no_page_is_malformed_and_not_an_empty_one(body):
    with pytest.raises(Malformed):
        page(body)


def of(*ids: str) -> list[object]:
    return [{"id": each} for each in ids]


def reading(fetch: Fetch, first: Page | None = None) -> tuple[Listing[Number] | NotRead, list[int]]:
    """What reading all gives, and the pages that were asked for."""
    asked: list[int] = []

    async def ask(number: int) -> Page | NotRead:
        asked.append(number)
        return fetch(number)

    return asyncio.run(read_all(ask, models.number, first)), asked


def ids(found: Listing[Number] | NotRead) -> list[str]:
    assert isinstance(found, Listing), found
    return [row.id for row in found.rows]


def paged(rows: Sequence[object], size: int, total: int | None) -> Fetch:
    """A server that pages as it should."""
    return lambda number: Page(rows[(number - 1) * size : number * size], total)


def test_a_listing_is_read_to_its_last_page_and_not_further():
    found, asked = reading(paged(of("a", "b", "c", "d", "e"), 2, 5))
    assert ids(found) == ["a", "b", "c", "d", "e"]
    assert asked == [1, 2, 3]


def test_a_listing_whose_last_page_is_full_needs_no_further_one():
    assert reading(paged(of("a", "b", "c", "d"), 2, 4))[1] == [1, 2]


def test_an_empty_listing_takes_one_page():
    found, asked = reading(paged([], 2, 0))
    assert ids(found) == [] and asked == [1]


def test_a_first_page_that_somebody_has_is_not_asked_for_again():
    fetch = paged(of("a", "b", "c"), 2, 3)
    found, asked = reading(fetch, Page(of("a", "b"), 3))
    assert ids(found) == ["a", "b", "c"] and asked == [2]


def test_without_a_total_a_page_that_brings_nothing_new_is_the_last():
    found, asked = reading(paged(of("a", "b", "c"), 2, None))
    assert ids(found) == ["a", "b", "c"] and asked == [1, 2, 3]


def test_a_list_that_knows_no_pages_repeats_itself_once():
    found, asked = reading(lambda _: Page(of("a", "b"), None))
    assert ids(found) == ["a", "b"] and asked == [1, 2]


def test_a_row_that_comes_twice_is_one_row():
    found, asked = reading(lambda number: Page(of("a", "b") if number == 1 else of("b", "c"), None))
    assert ids(found) == ["a", "b", "c"] and asked == [1, 2, 3]


@pytest.mark.parametrize(
    ("second", "total", "rows"),
    [
        pytest.param(("b", "c"), 4, 3, id="one came twice and one slipped"),
        pytest.param(("c",), 4, 3, id="one is missing"),
        pytest.param((), 4, 2, id="an empty page too soon"),
        pytest.param(("c", "d", "e"), 4, 5, id="one too many"),
    ],
)
def test_a_listing_that_drifts_is_read_again_and_then_not_called_whole(second, total, rows):
    found, asked = reading(lambda number: Page(of(*({1: ("a", "b"), 2: second}.get(number, ()))), total))
    assert isinstance(found, NotRead) and found.because is Because.DRIFTED
    assert found.why == f"the account changed while it was read: {rows} rows where its total says 4"
    assert asked.count(1) == MOST_READINGS == 3


def test_a_second_reading_may_succeed_and_does_not_use_the_old_first_page():
    found, asked = reading(paged(of("a", "b", "c"), 2, 3), Page(of("old", "b"), 4))
    assert ids(found) == ["a", "b", "c"] and asked == [2, 1, 2]


def test_pages_that_differ_about_the_total_are_no_whole_listing():
    # Of a, b, c, d the first went after page 1: page 2 holds d alone, and c has slipped through.
    pages = {1: Page(of("a", "b"), 4), 2: Page(of("d"), 3)}
    found, asked = reading(lambda number: pages[number])
    why = "the account changed while it was read: page 1 said 4 rows in all, page 2 says 3"
    assert found == NotRead(Because.DRIFTED, why)
    assert asked == [1, 2] * MOST_READINGS


@pytest.mark.parametrize("because", [Because.ABSENT, Because.FORBIDDEN, Because.BROKEN])
@pytest.mark.parametrize("at", [1, 2])
def test_a_page_that_cannot_be_had_ends_it_at_once(because, at):
    trouble = NotRead(because, "why")
    found, asked = reading(lambda number: trouble if number == at else Page(of("a", "b"), 4))
    assert found == trouble and asked == list(range(1, at + 1))


@pytest.mark.parametrize("record", [None, {}, {"id": "../x"}, "phn_1"])
def test_a_record_that_cannot_be_understood_is_named_with_its_page(record):
    found, _ = reading(lambda number: Page([*of("a"), record] if number == 2 else of("b", "c"), 4))
    assert isinstance(found, NotRead) and found.because is Because.BROKEN
    assert found.why.startswith("page 2 holds an entry")


def test_pages_without_end_end_all_the_same():
    found, asked = reading(lambda number: Page(of(f"phn_{number}"), None))
    assert found == NotRead(Because.BROKEN, "more than 100,000 pages")
    assert len(asked) < MOST_PAGES == 100_000


def test_the_service_gives_pages_of_a_hundred():
    assert PAGE_SIZE == 100


@given(
    count=st.integers(0, 30),
    size=st.integers(1, 7),
    moves=st.lists(st.just("take"), max_size=4) | st.lists(st.just("add"), max_size=4),
)
def test_while_the_account_shrinks_or_grows_a_listing_is_what_it_was_at_some_moment_or_not_called_whole(
    count, size, moves
):
    """Between pages numbers go from the front or come there."""
    rows = [f"phn_{n}" for n in range(count)]
    moments = [list(rows)]
    pending = list(moves)

    def fetch(number: int) -> Page:
        if number > 1 and len(pending) > 0:
            if pending.pop() == "take":
                del rows[:1]
            else:
                rows.insert(0, f"phn_new{len(pending)}")
            moments.append(list(rows))
        return Page(of(*rows[(number - 1) * size : number * size]), len(rows))

    found, _ = reading(fetch)
    if isinstance(found, Listing):
        assert ids(found) in moments
    else:
        assert found.because is Because.DRIFTED and len(moves) >= MOST_READINGS
