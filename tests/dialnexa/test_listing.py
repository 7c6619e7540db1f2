"""One whole listing out of numbered pages, or the reason why it cannot be called whole; and what was seen of it."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count as counting

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa import models
from decom.dialnexa.envelopes import Page
from decom.dialnexa.listing import (
    MOST_PAGES,
    MOST_READINGS,
    USUAL_SIZE,
    Asked,
    Listing,
    ReadFailure,
    Unreadable,
    read_all,
)
from decom.dialnexa.models import Number

Fetch = Callable[[int], Page | Unreadable]


def of(*ids: str) -> list[object]:
    return [{"id": each} for each in ids]


def reading(
    fetch: Fetch, first: Page | None = None, *, once: bool = False
) -> tuple[Listing[Number], list[int], list[Asked]]:
    """What reading all gives, the pages that were asked for, and those asked for with a limit."""
    asked: list[int] = []
    limited: list[Asked] = []

    async def ask(page: Asked) -> Page | Unreadable:
        if page.limit is not None:
            limited.append(page)
            return fetch_limited(page)
        asked.append(page.number)
        return fetch(page.number)

    fetch_limited: Callable[[Asked], Page | Unreadable] = getattr(fetch, "limited", lambda page: fetch(page.number))
    return asyncio.run(read_all(ask, models.number, first, once=once)), asked, limited


def read(fetch: Fetch, first: Page | None = None, *, once: bool = False) -> tuple[Listing[Number], list[int]]:
    found, asked, _ = reading(fetch, first, once=once)
    return found, asked


def ids(found: Listing[Number]) -> list[str]:
    assert found.not_read is None, found
    return [row.id for row in found.rows]


def paged(rows: Sequence[object], size: int, total: int | None) -> Fetch:
    """A server that pages as it should."""
    return lambda number: Page(rows[(number - 1) * size : number * size], total)


def test_a_listing_of_one_page_takes_one_request_however_it_is_counted():
    found, asked = read(lambda _: Page(of("a", "b"), 2, limit=100, pages=1, number=1))
    assert ids(found) == ["a", "b"] and asked == [1]


def test_a_listing_of_several_pages_is_believed_where_two_readings_agree():
    found, asked = read(paged(of("a", "b", "c", "d", "e"), 2, 5))
    assert ids(found) == ["a", "b", "c", "d", "e"]
    assert asked == [1, 2, 3, 1, 2, 3]


def test_where_one_reading_will_do_a_listing_is_read_to_its_last_page_and_not_further():
    found, asked = read(paged(of("a", "b", "c", "d", "e"), 2, 5), once=True)
    assert ids(found) == ["a", "b", "c", "d", "e"] and found.pages == 3
    assert asked == [1, 2, 3]


def test_an_earlier_reading_may_be_the_one_with_which_the_next_agrees():
    fetch = paged(of("a", "b", "c"), 2, 3)
    before, _ = read(fetch, once=True)
    asked: list[int] = []

    async def ask(page: Asked) -> Page | Unreadable:
        asked.append(page.number)
        return fetch(page.number)

    assert ids(asyncio.run(read_all(ask, models.number, before=before))) == ["a", "b", "c"]
    assert asked == [1, 2]


def test_a_listing_whose_last_page_is_full_needs_no_further_one():
    assert read(paged(of("a", "b", "c", "d"), 2, 4), once=True)[1] == [1, 2]


@pytest.mark.parametrize("total", [0, None])
def test_an_empty_listing_takes_one_page(total):
    found, asked = read(paged([], 2, total))
    assert ids(found) == [] and asked == [1]


def test_a_first_page_that_somebody_has_is_not_asked_for_again():
    fetch = paged(of("a", "b", "c"), 2, 3)
    found, asked = read(fetch, Page(of("a", "b"), 3), once=True)
    assert ids(found) == ["a", "b", "c"] and asked == [2]


def test_without_a_total_an_empty_page_is_the_last_and_is_not_asked_for_twice():
    found, asked = read(paged(of("a", "b", "c"), 2, None))
    assert ids(found) == ["a", "b", "c"] and asked == [1, 2, 3, 1, 2]


def test_a_row_that_comes_twice_is_one_row():
    pages = {1: of("a", "b"), 2: of("b", "c")}
    found, asked = read(lambda number: Page(pages.get(number, []), None))
    assert ids(found) == ["a", "b", "c"] and asked == [1, 2, 3, 1, 2]


def test_a_row_that_comes_twice_on_one_page_counts_twice():
    pages = {1: of("a", "a", "b"), 2: of("c")}
    found, asked = read(lambda number: Page(pages.get(number, []), 4), once=True)
    assert ids(found) == ["a", "b", "c"] and asked == [1, 2]


def test_two_rows_of_one_id_that_differ_are_both_kept():
    rows = [{"id": "a", "phone_number": "+14155550100"}, {"id": "a", "phone_number": "+14155550101"}]
    found, _ = read(lambda number: Page(rows if number == 1 else [], None))
    assert [row.phone_number for row in found.rows] == ["+14155550100", "+14155550101"] and found.not_read is None


# --- Lists that mind no page, and pages that only seem to ----------------------------------------------------------


def minding_no_page(rows: Sequence[object], total: int | None = None) -> Fetch:
    """A server that gives everything each time, and calls it all one page where it counts."""
    return lambda _: Page(rows) if total is None else Page(rows, total, limit=total, pages=1, number=1)


def repeating(rows: Sequence[object], size: int, *, total: int | None = None) -> Fetch:
    """A server that pages, and gives its first page for every other."""

    def fetch(_: int) -> Page:
        return Page(rows[:size], total, limit=size)

    fetch.limited = lambda asked: Page(rows[: min(size, asked.limit)], total, limit=asked.limit)  # type: ignore[attr-defined]
    return fetch


def test_a_list_that_minds_neither_page_nor_limit_is_whole_and_all_of_one_moment():
    found, asked, limited = reading(minding_no_page(of("a", "b", "c")))
    assert ids(found) == ["a", "b", "c"] and found.pages == 2
    assert (asked, limited) == ([1, 2], [Asked(2, 2)])


def test_and_so_it_is_where_it_takes_its_own_length_for_its_limit():
    found, asked, limited = reading(minding_no_page(of("a", "b", "c"), total=3))
    assert ids(found) == ["a", "b", "c"]
    assert (asked, limited) == ([1, 2], [Asked(2, 2)])


@pytest.mark.parametrize("total", [None, 3, 8])
def test_a_page_that_comes_again_for_another_is_no_whole_listing(total):
    found, asked = read(repeating(of(*"abcdefgh"), 3, total=total))
    assert found.not_read is not None and found.not_read.because is ReadFailure.DRIFTED
    assert found.not_read.why == "its pages contradict each other: page 2 brings nothing that was not on an earlier one"
    assert [row.id for row in found.rows] == ["a", "b", "c"]
    assert asked == [1, 2] * MOST_READINGS


def test_a_list_of_just_the_usual_length_may_have_been_cut():
    rows = of(*(f"r{n}" for n in range(USUAL_SIZE)))
    found, _ = read(minding_no_page(rows))
    assert found.not_read is not None and USUAL_SIZE == 20
    found, asked = read(paged(rows, USUAL_SIZE, 20))
    assert len(ids(found)) == 20 and asked == [1, 2]


def test_a_total_that_is_the_pages_own_is_found_out():
    rows = of("a", "b", "c", "d", "e")

    def fetch(number: int) -> Page:
        some = rows[(number - 1) * 2 : number * 2]
        return Page(some, len(some), limit=2)

    found, asked = read(fetch)
    assert found.not_read is not None and asked[:2] == [1, 2]
    found, asked = read(lambda number: Page(rows[:2] if number == 1 else [], 2, limit=2))
    assert ids(found) == ["a", "b"] and asked == [1, 2]


def test_a_page_that_is_cut_in_silence_is_no_last_page():
    found, asked = read(paged(of(*"abcdefg"), 3, 7), once=True)
    assert len(ids(found)) == 7 and asked == [1, 2, 3]


def test_a_page_that_says_it_is_another_is_not_the_one_that_was_asked_for():
    pages = {1: Page(of("a", "b"), 4, number=1), 2: Page(of("c", "d"), 4, number=3)}
    found, _ = read(lambda number: pages[number])
    assert found.not_read is not None and "page 2 was asked for, and page 3 came" in found.not_read.why


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([Page(of("a", "b"), 2, pages=3), Page([], 2, pages=3)], id="more pages than come"),
        pytest.param([Page(of("a", "b"), 2, more=True), Page([], 2)], id="another page is promised"),
        pytest.param([Page([], 0, pages=2), Page([], 0, pages=2)], id="an empty page, and more are promised"),
        pytest.param([Page([], None, more=True), Page([], None)], id="nothing, and more is promised"),
    ],
)
def test_pages_that_are_promised_and_do_not_come_are_missed(pages):
    found, _ = read(lambda number: pages[number - 1] if number <= len(pages) else Page([], pages[-1].total))
    assert found.not_read is not None and found.not_read.because is ReadFailure.DRIFTED


def test_a_listing_that_brings_nothing_new_ends_after_a_few_requests():
    _, asked, limited = reading(lambda _: Page(of("a", "b"), 15_000_000))
    assert len(asked) + len(limited) <= 2 * MOST_READINGS


# --- Drift ---------------------------------------------------------------------------------------------------------


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
    found, asked = read(lambda number: Page(of(*({1: ("a", "b"), 2: second}.get(number, ()))), total))
    assert found.not_read is not None and found.not_read.because is ReadFailure.DRIFTED
    or_else = ", or its total counts rows that it does not list" if rows < 4 else ""
    assert found.not_read.why == f"the account changed while it was read{or_else}: {rows} rows where its total says 4"
    assert asked.count(1) == MOST_READINGS == 4


def test_a_second_reading_may_succeed_and_does_not_use_the_old_first_page():
    found, asked = read(paged(of("a", "b", "c"), 2, 3), Page(of("old", "b"), 4), once=True)
    assert ids(found) == ["a", "b", "c"] and asked == [2, 1, 2]


def test_pages_that_differ_about_the_total_are_no_whole_listing():
    # Of a, b, c, d the first went after page 1: page 2 holds d alone, and c has slipped through.
    pages = {1: Page(of("a", "b"), 4), 2: Page(of("d"), 3)}
    found, asked = read(lambda number: pages[number])
    why = "the account changed while it was read: page 1 said 4 rows in all, page 2 says 3"
    assert found.not_read == Unreadable(ReadFailure.DRIFTED, why)
    assert [row.id for row in found.rows] == ["a", "b", "d"]
    assert asked == [1, 2] * MOST_READINGS


def test_one_number_that_goes_and_another_that_comes_hide_none_though_every_total_is_equal():
    rows = ["a", "b", "c", "d"]
    moves = counting()

    def fetch(number: int) -> Page:
        if number == 2 and next(moves) == 0:
            rows[:] = ["b", "c", "d", "e"]
        return Page(of(*rows[(number - 1) * 2 : number * 2]), 4)

    found, asked = read(fetch)
    assert ids(found) == ["b", "c", "d", "e"]
    assert asked == [1, 2] * 3  # the first reading showed a, b, d, e: no two agreed but the second and third


def test_where_no_two_readings_agree_what_was_seen_is_given_and_it_is_not_called_whole():
    fresh = counting()

    def fetch(number: int) -> Page:
        return Page(of("a", "b") if number == 1 else of(f"new{next(fresh)}"), 3)

    found, asked = read(fetch)
    assert found.not_read == Unreadable(
        ReadFailure.DRIFTED, "the account changed while it was read: no two of 4 readings agree"
    )
    assert [row.id for row in found.rows] == ["a", "b", "new0", "new1", "new2", "new3"]
    assert asked == [1, 2] * 4


@pytest.mark.parametrize("because", [ReadFailure.ABSENT, ReadFailure.FORBIDDEN, ReadFailure.BROKEN])
@pytest.mark.parametrize("at", [1, 2])
def test_a_page_that_cannot_be_had_ends_it_at_once_and_what_was_seen_is_given(because, at):
    trouble = Unreadable(because, "why")
    found, asked = read(lambda number: trouble if number == at else Page(of("a", "b"), 4))
    assert found.not_read == trouble and asked == list(range(1, at + 1))
    assert [row.id for row in found.rows] == (["a", "b"] if at == 2 else [])


@pytest.mark.parametrize("record", [None, {}, {"id": "../x"}, "phn_1"])
def test_a_record_that_cannot_be_understood_is_named_with_its_page_and_the_others_are_given(record):
    pages = {1: of("b", "c"), 2: [*of("a"), record], 3: of("d")}
    found, asked = read(lambda number: Page(pages[number], 5))
    assert found.not_read is not None and found.not_read.because is ReadFailure.BROKEN
    assert found.not_read.why.startswith("page 2 holds an entry")
    assert [row.id for row in found.rows] == ["b", "c", "a", "d"] and asked == [1, 2, 3]


def test_pages_without_end_end_all_the_same():
    found, asked = read(lambda number: Page(of(f"phn_{number}"), None))
    assert found.not_read == Unreadable(ReadFailure.BROKEN, "more than 100,000 pages")
    assert len(asked) < MOST_PAGES == 100_000


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
        return Page(of(*rows[(number - 1) * size : number * size]), len(rows), limit=size)

    found, _ = read(fetch)
    if found.not_read is None:
        assert ids(found) in moments
    else:
        assert found.not_read.because is ReadFailure.DRIFTED and len(moves) >= MOST_READINGS // 2


FAULTS = st.sampled_from(["swap", "repeat", "own total", "one more", "one page more", "nothing"])


@given(
    count=st.integers(1, 20),
    size=st.integers(2, 6),
    counted=st.booleans(),
    faults=st.dictionaries(st.integers(1, 14), FAULTS, max_size=6),
    leaving=st.integers(0, 19),
)
def test_no_number_that_is_there_all_the_time_is_missing_from_a_listing_that_is_called_whole(
    count, size, counted, faults, leaving
):
    """Some answers lie: a page comes for another, a total is wrong, and numbers leave while others come."""
    rows = [f"phn_{n}" for n in range(count)]
    stayed = set(rows)
    requests = counting(1)

    async def fetch(asked: Asked) -> Page:
        request = next(requests)
        fault = faults.get(request, "")
        if fault == "swap":
            stayed.discard(rows.pop(leaving % len(rows)))
            rows.append(f"phn_new{request}")
        limit = min(size, asked.limit or size)
        number = 1 if fault == "repeat" else asked.number
        some = of(*rows[(number - 1) * limit : number * limit])
        if not counted:
            return Page(some, limit=limit)
        if fault == "nothing" and asked.number > 1:
            some = []
        wrong = {"own total": len(some), "one more": len(rows) + 1}
        pages = -(-len(rows) // limit) + (fault == "one page more")
        return Page(some, wrong.get(fault, len(rows)), limit=limit, pages=pages, number=number)

    found = asyncio.run(read_all(fetch, models.number))
    if found.not_read is None:
        assert stayed <= set(ids(found))
