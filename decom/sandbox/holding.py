"""What holds a number: rows of campaigns and batch calls in, the numbers that they mean out.

A row may write its number in any way; the server knows which one it means.
"""

from collections.abc import Iterator

from decom.sandbox.made_up import Row

MEANS = "sandbox.means"
"""Member of a campaign or a call: the E.164 number that it means, where that is not what it writes."""

OVER = frozenset(("completed", "cancelled", "failed", "deleted"))
"""Statuses of a campaign or batch call that holds no number any more."""

NOT_REFUSED = frozenset(("scheduled", "paused")) | OVER
"""Statuses of a campaign in spite of which the service releases the number. Any other, known or not, is a 409."""


def status_of(row: Row) -> str:
    """The status, however it is written; empty where there is none."""
    return str(row.get("status") or "").strip().lower()


def meant(row: Row, name: str) -> str | None:
    """The E.164 number that the member `name` means; None where it names none."""
    if MEANS in row:
        return str(row[MEANS])
    written = row.get(name)
    digits = "".join(sign for sign in written if sign in "0123456789") if isinstance(written, str) else ""
    return f"+{digits}" if digits else None


def numbers_of_batch(batch: Row) -> Iterator[str]:
    """The numbers from which a batch call calls."""
    for call in batch.get("callLogs", ()):
        number = meant(call, "from_number") if isinstance(call, dict) else None
        if number is not None:
            yield number


def as_written(name: str, phone_number: str, written: str | None) -> Row:
    """A member that means `phone_number` and writes `written`; None: the number itself."""
    return {name: phone_number} if written is None else {name: written, MEANS: phone_number}
