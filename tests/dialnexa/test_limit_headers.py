"""Reading what an answer says about the rate limit: every form that was seen, and everything else as not said."""

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.dialnexa.pacing.headers import LONGEST_WINDOW, Stated, allowed, retry_after, stated
from tests.service.limits import http_date

DATE = "Mon, 23 Nov 2026 18:57:57 GMT"
UNIX = 1_795_460_277
"""DATE as a Unix time."""


def reset(value: str, date: str | None = DATE) -> float | None:
    """What one `X-RateLimit-Reset` says."""
    headers = {"X-RateLimit-Reset": value} | ({} if date is None else {"Date": date})
    said = stated(headers, 0.0)
    return None if said is None else said.reset


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("59.25", 59.25),
        ("3600", 3600.0),
        ("3601", LONGEST_WINDOW),
        ("99999999", LONGEST_WINDOW),
        (str(UNIX + 60), 60.0),
        (str(UNIX), 0.0),
        (str(UNIX - 5), 0.0),
        ("100000000", 0.0),
        ("99999999999", LONGEST_WINDOW),
        (str((UNIX + 60) * 1000 + 250), 60.25),
        (str((UNIX - 60) * 1000), 0.0),
        ("9999999999999", LONGEST_WINDOW),
    ],
)
def test_a_reset_is_seconds_a_moment_or_a_moment_in_milliseconds(value: str, seconds: float) -> None:
    assert reset(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["", "-5", "+5", "nan", "inf", "1e3", "soon", "60, 60", "0x3c", "６０", "1_0", "1" * 14, "0\x1f"]
)
def test_a_reset_that_is_no_plain_number_is_not_said(value: str) -> None:
    assert reset(value) is None


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [(60, 61.0), (0, 1.0), (-1, 0.0), (3599, 3600.0), (3601, None), (-2, None), (86_400 * 365, None)],
)
def test_a_moment_without_a_date_is_measured_by_our_clock_where_that_makes_a_sane_wait(
    ahead: int, seconds: float | None
) -> None:
    headers = {"X-RateLimit-Reset": str(UNIX + ahead), "Retry-After": http_date(UNIX + ahead), "x": ""}
    said = stated(headers, 0.0, lambda: float(UNIX))
    assert (None if said is None else said.reset) == seconds
    assert retry_after(headers, lambda: float(UNIX)) == seconds


def test_our_clock_is_not_asked_where_the_answer_has_a_date() -> None:
    def never() -> float:
        raise AssertionError("it was asked")

    headers = {"X-RateLimit-Reset": str(UNIX + 60), "Retry-After": http_date(UNIX + 7), "Date": DATE}
    said = stated(headers, 0.0, never)
    assert said is not None
    assert (said.reset, retry_after(headers, never)) == (60.0, 7.0)
    assert stated({"X-RateLimit-Reset": "60"}, 0.0, never) == Stated(None, None, 60.0)


@pytest.mark.parametrize(("value", "whole"), [("60", 60.0), ("7200", 7200.0), ("99999999", 999_999.0)])
def test_how_far_away_a_reset_was_said_to_be_is_not_forgotten(value: str, whole: float) -> None:
    said = stated({"X-RateLimit-Reset": value}, 0.0)
    assert said is not None
    assert (said.whole_reset, said.reset) == (whole, min(whole, LONGEST_WINDOW))


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 23 Nov 2026", "Mon, 99 Nov 2026 18:57:57 GMT"])
def test_a_moment_without_a_date_to_measure_it_from_is_not_said(date: str | None) -> None:
    assert reset(str(UNIX + 60), date) is None
    assert reset("60", date) == 60.0


@pytest.mark.parametrize("hours", [-1, 0, 1, 24 * 365])
def test_moments_are_measured_by_the_servers_clock_however_wrong_that_is(hours: int) -> None:
    there = datetime.fromtimestamp(UNIX, UTC) + timedelta(hours=hours)
    headers = {
        "Date": format_datetime(there, usegmt=True),
        "Retry-After": format_datetime(there + timedelta(seconds=42), usegmt=True),
        "X-RateLimit-Reset": str(int(there.timestamp()) + 42),
    }
    assert retry_after(headers) == 42.0
    assert stated(headers, 0.0) == Stated(None, None, 42.0, by_date=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Limit": "150", "X-RateLimit-Remaining": "149", "X-RateLimit-Reset": "60"},
        {"x-ratelimit-limit": "150", "x-ratelimit-remaining": "149", "x-ratelimit-reset": "60"},
        {"X-RATELIMIT-LIMIT-SHORT": "150", "X-RateLimit-Remaining-short": "149", "x-ratelimit-reset-Short": "60"},
        {
            "X-RateLimit-Limit": "150",
            "X-RateLimit-Remaining": "149",
            "X-RateLimit-Reset": "60",
            "X-RateLimit-Used": "?",
        },
    ],
)
def test_case_and_a_name_behind_make_no_difference(headers: dict[str, str]) -> None:
    assert stated(headers, 0.1) == Stated(limit=150, remaining=149, reset=60.0)


def test_each_part_may_be_missing_or_nonsense_without_hurting_the_others() -> None:
    assert stated({"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "many"}, 0.1) == Stated(None, 7, None)
    assert stated({"X-RateLimit-Limit": "150, 150"}, 0.1) is None
    assert stated({"Content-Type": "application/json"}, 0.1) is None


@pytest.mark.parametrize(
    ("long_left", "reserve", "strictest"),
    [(90, 0.0, 3), (2, 0.0, 100), (11, 0.0, 3), (11, 0.1, 100), (0, 0.0, 100)],
)
def test_of_several_limits_the_strictest_counts(long_left: int, reserve: float, strictest: int) -> None:
    headers = {
        "X-RateLimit-Limit-short": "3",
        "X-RateLimit-Remaining-short": "3" if long_left > 0 else "0",
        "X-RateLimit-Reset-short": "1",
        "X-RateLimit-Limit-long": "100",
        "X-RateLimit-Remaining-long": str(long_left),
        "X-RateLimit-Reset-long": "40",
    }
    said = stated(headers, reserve)
    assert said is not None
    assert (said.limit, said.alone) == (strictest, False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": "60"}, 60.0),
        ({"Retry-After": "999999"}, 999_999.0),
        ({"Retry-After": "95.2"}, 95.2),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After-short": "7"}, 7.0),
        ({"Retry-After-short": "7", "Retry-After-long": "50"}, 50.0),
        ({"Retry-After-short": "soon", "Retry-After-long": "50"}, 50.0),
        ({"Retry-After": "Mon, 23 Nov 2026 18:58:57 GMT", "Date": DATE}, 60.0),
        ({"Retry-After": "Monday, 23-Nov-26 18:58:57 GMT", "Date": DATE}, 60.0),
        ({"Retry-After": "Mon Nov 23 18:58:57 2026", "Date": DATE}, 60.0),
        ({"Retry-After": "Mon, 23 Nov 2026 18:58:57 -0000", "Date": DATE}, 60.0),
        ({"Retry-After": "Mon, 23 Nov 2026 18:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Mon, 23 Nov 2099 18:00:00 GMT", "Date": DATE}, 999_999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "-1",
            "+1",
            "nan",
            "inf",
            "1e9",
            "1.",
            ".5",
            "1.5.5",
            "1,5",
            "1000000",
            "60, 30",
            "60 s",
            "soon",
            "６０",
            "1_0",
            "a" * 10_000,
        ),
        *(f"{DATE}, {DATE}", "Mon, 31 Feb 2026 00:00:00 GMT", "Mon, 23 Nov 2026 25:61:61 GMT"),
    ],
)
def test_a_retry_after_that_is_neither_is_not_said(value: str) -> None:
    assert retry_after({"Retry-After": value, "Date": DATE}) is None


def test_a_date_to_retry_after_is_not_said_where_the_answer_has_no_date_of_its_own() -> None:
    assert retry_after({"Retry-After": DATE}) is None
    assert retry_after({"Retry-After": DATE, "Date": "now"}) is None


@pytest.mark.parametrize(
    ("seconds", "by_date", "window"),
    [
        (60.0, False, 60.0),
        (59.0, False, 60.0),
        (0.0, False, 1.0),
        (4.0, False, 5.0),
        (3599.0, False, 3600.0),
        (61.0, False, 62.0),
        (61.0, True, 60.0),
        (62.0, True, 60.0),
        (63.0, True, 64.0),
        (1700.0, False, 1701.0),
        (None, False, 0.0),
    ],
)
def test_a_window_is_read_from_a_reset_through_its_rounding(
    seconds: float | None, by_date: bool, window: float
) -> None:
    assert Stated(150, 149, seconds, by_date).window == window


@pytest.mark.parametrize(
    ("limit", "reserve", "most"),
    [
        (150, 0.1, 135),
        (150, 0.0, 150),
        (150, 1.0, 1),
        (1, 0.1, 1),
        (0, 0.1, 1),
        (10, 0.1, 9),
        (10, 0.7, 3),
        (25, 0.56, 11),
        (15, 0.1, 13),
    ],
)
def test_the_reserve_is_taken_off_rounded_down_and_one_always_stays(limit: int, reserve: float, most: int) -> None:
    assert allowed(limit, reserve) == most


NAMES = st.one_of(
    st.sampled_from(
        [
            *("Retry-After", "retry-after-x", "Date", "X-RateLimit-Limit", "X-RateLimit-Remaining"),
            *("X-RateLimit-Reset", "x-ratelimit-reset-short", "X-RateLimit-", "X-RateLimit-Reset-"),
        ]
    ),
    st.text(max_size=30),
)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))]))
VALUES = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.floats().map(repr),
    MOMENTS.map(format_datetime),
    st.text(max_size=40),
    st.from_regex(r"[A-Z][a-z]{2},? [0-9A-Za-z :-]{15,30}", fullmatch=True),
)


@given(headers=st.dictionaries(NAMES, VALUES, max_size=8), reserve=st.floats(0.0, 1.0))
def test_whatever_the_headers_hold_the_numbers_are_finite_bounded_and_not_negative(
    headers: dict[str, str], reserve: float
) -> None:
    wait = retry_after(headers)
    assert wait is None or 0.0 <= wait <= 999_999.0
    said = stated(headers, reserve)
    if said is not None:
        assert said.limit is None or 0 <= said.limit < 10**9
        assert said.remaining is None or 0 <= said.remaining < 10**9
        assert said.reset is None or 0.0 <= said.reset <= LONGEST_WINDOW
        assert math.isfinite(said.window)
        assert said.reset is None or said.window >= said.reset - 2.0
