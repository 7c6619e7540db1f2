"""What is known of a billing cycle and the day of a release in, the day on which billing stops out (pure).

Rent is paid for whole cycles: a released number costs until its cycle ends. The day given is the first one
without rent, the one on which the next cycle would have begun. All days are UTC days. Where anything that is
needed is not known the answer is None: a date is never invented.
"""

import calendar
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from decom.planning.plan import Billing
from decom.tables import normalised

_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]00:00(?::00(?:\.0{1,6})?)?)?")
"""An ISO date, or the midnight that a spreadsheet makes of one."""


def billing_stops_on(
    billing: Billing, decided_at: str, *, created_at: str | None = None, renewal: str | None = None
) -> date | None:
    """The first day without rent for a number that was released at `decided_at` (ISO 8601 with a zone).

    `calendar`: the next `billing.day` after the release; `anniversary`: the next day of the month on which the
    number was made (`created_at`, as the service gave it); both are the last day of a month that is too short.
    `column`: `renewal`, the row's cell in the renewal column, if it is an ISO date after the release. On the day
    that begins a cycle that cycle is already owed, so billing stops a month later.

    None where the cycle is not known, where `created_at` or `renewal` is absent, no ISO date, or does not fit
    (made after the release; renewed on or before its day, so that the next renewal is somewhere unknown).
    """
    decided = _day_of(decided_at)
    if decided is None:
        return None
    if billing.cycle == "calendar" and billing.day is not None:
        return _next_cycle(decided, billing.day)
    if billing.cycle == "anniversary" and created_at is not None:
        made = _day_of(created_at)
        return None if made is None or made > decided else _next_cycle(decided, made.day)
    if billing.cycle == "column" and renewal is not None:
        return _renewal_after(decided, renewal)
    return None


def renewal_column(billing: Billing, other_columns: Sequence[str]) -> int | None:
    """Which of the other columns holds the renewal date; None where the cycle needs none or it is not there.

    Headers match without regard to case, blanks, `_` and `-`; of several the leftmost is taken.
    """
    if billing.cycle != "column" or billing.column is None:
        return None
    headers = [normalised(header) for header in other_columns]
    wanted = normalised(billing.column)
    return headers.index(wanted) if wanted in headers else None


def _next_cycle(after: date, day: int) -> date | None:
    """The first day after `after` that is the `day`-th of its month; None outside the calendar."""
    if not 1 <= day <= 31:
        return None
    this_month = _in_month(after.year, after.month, day)
    if this_month > after:
        return this_month
    if after.month == 12:
        return None if after.year == date.max.year else _in_month(after.year + 1, 1, day)
    return _in_month(after.year, after.month + 1, day)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _renewal_after(decided: date, cell: str) -> date | None:
    found = _DAY.fullmatch(cell.strip())
    if found is None:
        return None
    try:
        renewal = date.fromisoformat(found.group(1))
    except ValueError:
        return None
    return renewal if renewal > decided else None


def _day_of(text: str) -> date | None:
    """The UTC day of an ISO date or moment (one without a zone is taken as UTC); None where it is neither."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError):
        return None
