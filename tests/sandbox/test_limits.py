"""The rate limit on clocks of the tests' own: never more than allowed, and headers that tell the truth."""

import math
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.sandbox.limits import SILENT, Announcement, Bucket, Limit, Limiter, Moment, headers, spend

KINDS = pytest.mark.parametrize("kind", ["first_request", "clock", "rolling", "token_bucket"])
NOON = 1_795_000_020.0
"""A wall clock that stands at a full minute."""


def at(seconds):
    return Moment(1000 + seconds, NOON + seconds)


def granted(limit, times):
    bucket = Bucket()
    return [time for time in times if spend(limit, bucket, at(time)).granted]


@KINDS
def test_as_many_as_allowed_are_granted_and_not_one_more(kind):
    assert len(granted(Limit(150, 60, kind), [0.0] * 200)) == 150


@pytest.mark.parametrize(
    ("kind", "again"), [("first_request", 70.0), ("clock", 60.0), ("rolling", 70.0), ("token_bucket", 40.0)]
)
def test_each_kind_opens_again_when_it_should(kind, again):
    bucket, limit = Bucket(), Limit(2, 60, kind)
    assert [spend(limit, bucket, at(time)).granted for time in (10, 10, 11)] == [True, True, False]
    assert not spend(limit, bucket, at(again - 0.01)).granted
    assert spend(limit, bucket, at(again)).granted


def test_a_window_by_the_clock_lets_twice_as_many_through_around_its_edge():
    assert len(granted(Limit(10, 60, "clock"), [59.0] * 20 + [61.0] * 20)) == 20


def test_a_token_bucket_refills_steadily_and_never_above_its_size():
    limit, bucket = Limit(60, 60, "token_bucket"), Bucket()
    assert sum(spend(limit, bucket, at(0)).granted for _ in range(100)) == 60
    assert sum(spend(limit, bucket, at(10)).granted for _ in range(100)) == 10
    assert sum(spend(limit, bucket, at(10_000)).granted for _ in range(100)) == 60


def test_past_the_limit_the_key_is_blocked_from_that_moment_on():
    limit, bucket = Limit(1, 60, block_seconds=60), Bucket()
    assert spend(limit, bucket, at(0)).granted
    assert spend(limit, bucket, at(59)).retry == 60
    assert not spend(limit, bucket, at(118.9)).granted
    assert spend(limit, bucket, at(119)).granted


@given(
    kind=st.sampled_from(["rolling", "first_request", "clock"]),
    requests=st.integers(1, 5),
    seconds=st.floats(0.5, 60),
    gaps=st.lists(st.floats(0, 40), max_size=60),
)
def test_no_window_of_its_own_kind_ever_holds_more_than_the_limit(kind, requests, seconds, gaps):
    times, now = [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
    let_in = granted(Limit(requests, seconds, kind), times)
    if kind == "rolling":
        spans = zip(let_in, let_in[requests:], strict=False)
        assert all(later - earlier >= seconds * (1 - 1e-9) for earlier, later in spans)
    elif kind == "clock":
        counts = [math.floor((NOON + time) / seconds) for time in let_in]
        assert all(counts.count(count) <= requests for count in counts)
    assert let_in[:1] == times[:1]


@KINDS
@given(
    requests=st.integers(1, 20),
    seconds=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=50),
)
def test_whoever_waits_as_told_is_granted(kind, requests, seconds, gaps):
    limit, bucket, now = Limit(requests, seconds, kind), Bucket(), 0.0
    for gap in gaps:
        now += gap
        leave = spend(limit, bucket, at(now))
        assert 0 <= leave.remaining < requests
        assert 0 <= leave.retry <= seconds + 1e-6
        if not leave.granted:
            now += leave.retry + 1e-6
            assert spend(limit, bucket, at(now)).granted


def said(limit, *, wall=NOON):
    """The headers of the last of so many requests as are one too many."""
    bucket = Bucket()
    for _ in range(limit.requests + 1):
        leave = spend(limit, bucket, at(0))
    return {name.decode(): value.decode() for name, value in headers(limit, leave, wall)}


@pytest.mark.parametrize(
    ("announced", "expected"),
    [
        (
            Announcement(),
            {"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60", "Retry-After": "60"},
        ),
        (
            Announcement(reset="epoch", retry_after="none"),
            {"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795000080"},
        ),
        (
            Announcement(reset="ms", retry_after="none"),
            {"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795000080000"},
        ),
        (Announcement(counts="unless_refused"), {"Retry-After": "60"}),
        (
            Announcement(suffix="-short"),
            {
                "X-RateLimit-Limit-short": "3",
                "X-RateLimit-Remaining-short": "0",
                "X-RateLimit-Reset-short": "60",
                "Retry-After-short": "60",
            },
        ),
        (Announcement(counts="never", retry_after="fraction"), {"Retry-After": "60.000"}),
        (SILENT, {}),
    ],
)
def test_a_refusal_is_announced_in_the_style_asked_for(announced, expected):
    assert said(Limit(3, 60, announced=announced)) == expected


def test_a_date_to_come_again_is_counted_on_the_servers_own_clock():
    an_hour_ahead = NOON + 3600
    told = said(Limit(3, 60, announced=Announcement(retry_after="date")), wall=an_hour_ahead)["Retry-After"]
    assert parsedate_to_datetime(told).timestamp() == an_hour_ahead + 60


def test_a_granted_request_is_told_what_is_left():
    limit = Limit(3, 60)
    leave = spend(limit, Bucket(), at(0))
    assert headers(limit, leave, NOON) == [
        (b"X-RateLimit-Limit", b"3"),
        (b"X-RateLimit-Remaining", b"2"),
        (b"X-RateLimit-Reset", b"60"),
    ]


def test_routes_can_have_buckets_of_their_own():
    limiter = Limiter(Limit(1, 60, per_route=True))
    asked = [limiter.ask(route, at(0), 0)[0] for route in ("GET /a", "GET /b", "GET /a")]
    assert asked == [True, True, False]
    shared = Limiter(Limit(1, 60))
    assert [shared.ask(route, at(0), 0)[0] for route in ("GET /a", "GET /b")] == [True, False]


def test_a_limit_that_changes_in_the_middle_holds_at_once():
    limiter = Limiter(Limit(1, 60))
    assert [limiter.ask("", at(0), 0)[0] for _ in range(2)] == [True, False]
    limiter.change(Limit(2, 60))
    assert [limiter.ask("", at(0), 0)[0] for _ in range(3)] == [True, True, False]
    limiter.change(None)
    assert limiter.ask("", at(0), 0) == (True, [])


@pytest.mark.parametrize(
    ("text", "limit"), [("150/60", Limit(150, 60)), ("1500/0.5", Limit(1500, 0.5)), ("none", None)]
)
def test_a_rate_is_read_from_text(text, limit):
    assert Limit.parse(text) == limit


@pytest.mark.parametrize(
    "text", ["", "150", "150/", "/60", "0/60", "-1/60", "10/0", "10/-1", "10/nan", "10/inf", "a/b"]
)
def test_what_is_no_rate_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write REQUESTS/SECONDS such as 1500/60, or none"):
        Limit.parse(text)


@pytest.mark.parametrize("wrong", [{"kind": "sliding"}, {"block_seconds": -1}])
def test_a_limit_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="limit"):
        Limit(1, 1, **wrong)


def test_an_announcement_in_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="'iso' is none of delta, epoch, ms"):
        Announcement(reset="iso")  # type: ignore[arg-type]  # the mistake that is tested
