"""JSON of either generation in, one form out: `Number`, `Campaign`, `BatchCall`, `Workflow`, `Price`.

A field that the service leaves out is None; a field of a strange type is None too, never a guess. What cannot be
understood at all (no ID, no object) raises `Malformed`, so that a source is called unread instead of empty.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What an ID must fully match before it may stand in a URL: no dot, slash, percent or question mark."""

_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,20})?", re.ASCII)
_MOST = 1_000_000
"""USD a month; more is no rent."""


class Malformed(ValueError):
    """The service answered with something that is not what it documents."""


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number on the account."""

    id: str
    """Opaque, as the service gave it; fully matches `SAFE_ID`."""
    phone_number: str | None
    """E.164."""
    country_code: str | None = None
    type: str | None = None
    """`local`, `toll_free`, `mobile`."""
    nickname: str | None = None
    provider: str | None = None
    status: str | None = None
    monthly_cost_usd: str | None = None
    """A plain decimal string such as `1.15`."""
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of the first generation."""

    id: str
    name: str
    status: str
    """In the service's own word, lower case; empty where it gave none."""
    from_phone_number: str | None
    """The number it calls from, E.164; None where the listing does not say."""


@dataclass(frozen=True, slots=True)
class BatchCall:
    """A batch call of the second generation, without its calls."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of the second generation; the API names no number for it."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the account's price list."""

    provider: str | None
    country_code: str | None
    type: str | None
    monthly_cost_usd: str


def number(record: object) -> Number:
    """A phone number. Raises Malformed without an ID that may stand in a URL."""
    fields = _fields(record)
    return Number(
        id=_id(fields),
        phone_number=_text(fields, "phone_number"),
        country_code=_word(fields, "country_code"),
        type=_word(fields, "type"),
        nickname=_text(fields, "nickname") or _text(fields, "label"),
        provider=_word(fields, "provider"),
        status=_word(fields, "status"),
        monthly_cost_usd=_money(fields.get("monthly_cost_usd")),
        created_at=_text(fields, "created_at"),
    )


def campaign(record: object) -> Campaign:
    """A campaign. Raises Malformed without an ID."""
    fields = _fields(record)
    return Campaign(_id(fields), _name(fields), _status(fields), _text(fields, "from_phone_number"))


def batch_call(record: object) -> BatchCall:
    """A batch call. Raises Malformed without an ID."""
    fields = _fields(record)
    return BatchCall(_id(fields), _name(fields), _status(fields))


def batch_call_numbers(record: object) -> frozenset[str]:
    """The numbers that a batch call calls from. Raises Malformed where its call list cannot be read."""
    calls = _fields(record).get("callLogs")
    if not isinstance(calls, list):
        raise Malformed("a batch call without its list of calls")
    numbers = [_text(_fields(call), "from_number") for call in calls]
    if any(number is None for number in numbers):
        raise Malformed("a batch call whose calls do not say from which number")
    return frozenset(number for number in numbers if number is not None)


def workflow(record: object) -> Workflow:
    """A workflow. Raises Malformed without an ID."""
    fields = _fields(record)
    return Workflow(_id(fields), _name(fields), _status(fields))


def price(record: object) -> Price | None:
    """A price; None where the line holds no monthly cost that can be read."""
    fields = _fields(record)
    names = ("monthly_cost_usd", "monthly_cost", "monthly_price_usd", "monthly_price", "price")
    cost = next((found for name in names if (found := _money(fields.get(name))) is not None), None)
    if cost is None:
        return None
    return Price(_text(fields, "provider"), _text(fields, "country_code"), _text(fields, "type"), cost)


def _fields(record: object) -> Mapping[str, object]:
    if not isinstance(record, dict):
        raise Malformed("an entry that is no object")
    return record


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if not isinstance(value, str) or value == "":
        return None
    # JSON can smuggle in half a surrogate pair, which no file and no database takes.
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _word(fields: Mapping[str, object], name: str) -> str | None:
    """A text that many records share; a million numbers hold it once."""
    text = _text(fields, name)
    return None if text is None else sys.intern(text)


def _id(fields: Mapping[str, object]) -> str:
    found = fields.get("id")
    if not isinstance(found, str) or SAFE_ID.fullmatch(found) is None:
        raise Malformed("an entry whose ID is missing or cannot stand in a URL")
    return found


def _name(fields: Mapping[str, object]) -> str:
    return _text(fields, "name") or _text(fields, "title") or ""


def _status(fields: Mapping[str, object]) -> str:
    return (_text(fields, "status") or "").strip().lower()


def _money(value: object) -> str | None:
    """A plain decimal string out of a string or a JSON number; None where it is no finite amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    amount = value if isinstance(value, str) else f"{Decimal(str(value)):f}"
    # Decimal itself would take "1E-999999999", and write out a thousand million zeros.
    if _AMOUNT.fullmatch(amount) is None or Decimal(amount) > _MOST:
        return None
    return sys.intern(amount)
