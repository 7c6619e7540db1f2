"""When billing stops, where that can be known."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.planning.plan import Billing
from decom.reporting.billing import billing_stops_on, renewal_column

CALENDAR = {day: Billing(cycle="calendar", day=day) for day in range(1, 32)}
ANNIVERSARY = Billing(cycle="anniversary")
COLUMN = Billing(cycle="column", column="Renewal date")


@pytest.mark.parametrize(
    ("day", "decided_at", "stops_on"),
    [
        (1, "2026-11-23T19:00:00.000Z", date(2026, 12, 1)),
        (24, "2026-11-23T19:00:00.000Z", date(2026, 11, 24)),
        (23, "2026-11-23T00:00:00.000Z", date(2026, 12, 23)),
        (31, "2026-11-23T19:00:00.000Z", date(2026, 11, 30)),
        (31, "2026-11-30T19:00:00.000Z", date(2026, 12, 31)),
        (30, "2027-01-31T12:00:00.000Z", date(2027, 2, 28)),
        (29, "2028-02-28T12:00:00.000Z", date(2028, 2, 29)),
        (15, "2026-12-15T12:00:00.000Z", date(2027, 1, 15)),
        (1, "2026-12-01T04:00:00.000+05:30", date(2026, 12, 1)),
    ],
)
def test_a_calendar_cycle_ends_on_its_next_day(day, decided_at, stops_on):
    assert billing_stops_on(CALENDAR[day], decided_at) == stops_on


@pytest.mark.parametrize(
    ("created_at", "decided_at", "stops_on"),
    [
        ("2024-05-10T08:00:00Z", "2026-11-23T19:00:00.000Z", date(2026, 12, 10)),
        ("2024-01-31T08:00:00Z", "2027-02-01T19:00:00.000Z", date(2027, 2, 28)),
        ("2024-01-31T08:00:00Z", "2027-02-28T19:00:00.000Z", date(2027, 3, 31)),
        ("2024-02-29", "2027-02-10T19:00:00.000Z", date(2027, 2, 28)),
        ("2024-05-31T23:30:00-05:00", "2026-11-23T19:00:00.000Z", date(2026, 12, 1)),
        ("2024-05-10T08:00:00", "2026-11-23T19:00:00.000Z", date(2026, 12, 10)),
        ("2026-11-23T08:00:00Z", "2026-11-23T19:00:00.000Z", date(2026, 12, 23)),
    ],
)
def test_an_anniversary_cycle_ends_on_the_day_of_the_month_on_which_the_number_was_made(
    created_at, decided_at, stops_on
):
    assert billing_stops_on(ANNIVERSARY, decided_at, created_at=created_at) == stops_on


@pytest.mark.parametrize(
    ("renewal", "stops_on"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        (" 2027-06-30 ", date(2027, 6, 30)),
        ("2026-12-01 00:00:00", date(2026, 12, 1)),
        ("2026-12-01T00:00", date(2026, 12, 1)),
    ],
)
def test_a_renewal_date_is_taken_as_it_is(renewal, stops_on):
    assert billing_stops_on(COLUMN, "2026-11-23T19:00:00.000Z", renewal=renewal) == stops_on


@pytest.mark.parametrize(
    ("billing", "created_at", "renewal"),
    [
        (Billing(), "2024-05-10T08:00:00Z", "2026-12-01"),
        (Billing(cycle="calendar"), None, None),
        (Billing(cycle="calendar", day=0), None, None),
        (Billing(cycle="calendar", day=32), None, None),
        (Billing(cycle="lunar", day=3), "2024-05-10T08:00:00Z", "2026-12-01"),
        (ANNIVERSARY, None, "2026-12-01"),
        (ANNIVERSARY, "", None),
        (ANNIVERSARY, "long ago", None),
        (ANNIVERSARY, "1716538800", None),
        (ANNIVERSARY, "2026-11-24T00:00:00Z", None),
        (ANNIVERSARY, "9999-12-31T23:00:00-05:00", None),
        (COLUMN, "2024-05-10T08:00:00Z", None),
        (COLUMN, None, ""),
        (COLUMN, None, "1 December 2026"),
        (COLUMN, None, "01/12/2026"),
        (COLUMN, None, "20261201"),
        (COLUMN, None, "2026-W49-2"),
        (COLUMN, None, "2026-02-30"),
        (COLUMN, None, "٢٠٢٦-١٢-٠١"),
        (COLUMN, None, "2026-11-23"),
        (COLUMN, None, "2026-11-01"),
    ],
)
def test_a_date_that_is_not_known_is_never_invented(billing, created_at, renewal):
    assert billing_stops_on(billing, "2026-11-23T19:00:00.000Z", created_at=created_at, renewal=renewal) is None


def test_the_end_of_the_calendar_has_no_next_cycle():
    assert billing_stops_on(CALENDAR[1], "9999-12-31T00:00:00.000Z") is None


def test_a_release_without_a_readable_time_has_no_date():
    assert billing_stops_on(CALENDAR[1], "") is None


@given(day=st.integers(1, 31), decided=st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_a_cycle_ends_after_the_release_and_within_a_month(day, decided):
    stops_on = billing_stops_on(CALENDAR[day], f"{decided.isoformat()}T12:00:00.000Z")
    assert stops_on is not None
    assert decided < stops_on <= decided + timedelta(days=31)
    last = (stops_on + timedelta(days=1)).day == 1
    assert stops_on.day == day or (last and stops_on.day < day)


@given(decided=st.text(), created_at=st.none() | st.text(), renewal=st.none() | st.text())
@pytest.mark.parametrize("billing", [CALENDAR[31], ANNIVERSARY, COLUMN])
def test_any_text_whatsoever_gives_a_date_or_none(billing, decided, created_at, renewal):
    found = billing_stops_on(billing, decided, created_at=created_at, renewal=renewal)
    assert found is None or isinstance(found, date)


@pytest.mark.parametrize(
    ("billing", "headers", "at"),
    [
        (COLUMN, ("team", "renewal_DATE"), 1),
        (COLUMN, ("RenewalDate", "Renewal date"), 0),
        (COLUMN, ("team",), None),
        (Billing(cycle="column"), ("Renewal date",), None),
        (Billing(cycle="calendar", day=1, column="Renewal date"), ("Renewal date",), None),
    ],
)
def test_the_renewal_column_is_found_by_its_header(billing, headers, at):
    assert renewal_column(billing, headers) == at
