"""JSON of either generation in, one form out: `Number`, `Campaign`, `BatchCall`, `Call`, `Workflow`, `Price`.

A field that the service leaves out is None; a field of a strange type is None too, never a guess. What cannot be
understood at all (no ID, no object) raises `Malformed`, so that a source is called unread instead of empty.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from decom.phone_numbers import numbering
from decom.phone_numbers.reading import AROUND, read_number

SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What an ID must fully match before it may stand in a URL: no dot, slash, percent or question mark."""

_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,20})?", re.ASCII)
_MOST = 1_000_000
"""USD a month; more is no rent."""


NO_ID = "an entry whose ID is missing or cannot stand in a URL"


class Malformed(ValueError):
    """The service answered with something that is not what it documents."""


@dataclass(frozen=True, slots=True)
class Number:
    """A phone number on the account."""

    id: str
    """Opaque, as the service gave it; fully matches `SAFE_ID`."""
    phone_number: str | None
    """E.164, mended where only separators or the `+` are missing; what cannot be read so is as the service wrote it."""
    country_code: str | None = None
    type: str | None = None
    """`local`, `toll_free`, `mobile`."""
    nickname: str | None = None
    provider: str | None = None
    status: str | None = None
    """In the service's own word; one that is no text as its JSON, since a status that we do not know holds back."""
    monthly_cost_usd: str | None = None
    """A plain decimal string such as `1.15`."""
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of the first generation."""

    id: str
    """Empty where the service gave none that can be used."""
    name: str
    status: str
    """In the service's own word, lower case; empty where it gave none."""
    from_phone_number: str | None
    """The number it calls from, as it is written there; None where the listing does not say."""


@dataclass(frozen=True, slots=True)
class BatchCall:
    """A batch call of either generation, without its calls."""

    id: str
    """Empty where the service gave none that can be used."""
    name: str
    status: str
    """As `Campaign.status`."""
    from_number: str | None = None
    """A number that it calls from, as it is written there, where its own record names one; its calls name theirs."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a batch call."""

    id: str
    """Made of the whole record where it has none: only to tell the calls of one listing apart."""
    from_number: str | None
    """The number it is made from, as it is written there; None where the record does not say."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of the second generation; the API names no number for it."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the account's price list that is in dollars; the documented one is in credits, and they are none."""

    provider: str | None
    country_code: str | None
    type: str | None
    monthly_cost_usd: str


def number(record: object) -> Number:
    """A phone number. Raises Malformed without an ID that may stand in a URL."""
    fields = _fields(record)
    return Number(
        id=_id(fields),
        phone_number=_phone_number(fields),
        country_code=_word(fields, "country_code"),
        type=_word(fields, "type"),
        nickname=_text(fields, "nickname") or _text(fields, "label"),
        provider=_word(fields, "provider"),
        status=_own_status(fields),
        monthly_cost_usd=_money(fields.get("monthly_cost_usd")),
        created_at=_text(fields, "created_at"),
    )


def campaign(record: object) -> Campaign:
    """A campaign. Raises Malformed without an ID, unless it names its number: that is held all the same."""
    fields = _fields(record)
    own = _written(fields, "from_phone_number")
    return Campaign(_id_of_a_hold(fields, own), _name(fields), _status(fields), own)


def batch_call(record: object) -> BatchCall:
    """A batch call. Raises Malformed without an ID, unless it names its number: that is held all the same."""
    fields = _fields(record)
    own = _written(fields, "from_number") or _written(fields, "from_phone_number")
    return BatchCall(_id_of_a_hold(fields, own), _name(fields), _status(fields), own)


def call(record: object) -> Call:
    """A call of a batch call. Raises Malformed where it is no object."""
    fields = _fields(record)
    own = _written(fields, "id")
    if own is None:
        own = hashlib.sha256(_as_json(fields).encode("ascii")).hexdigest()
    return Call(own, _written(fields, "from_number") or _written(fields, "from_phone_number"))


def workflow(record: object) -> Workflow:
    """A workflow. Raises Malformed without an ID."""
    fields = _fields(record)
    return Workflow(_any_id(fields), _name(fields), _status(fields))


def price(record: object) -> Price | None:
    """A price; None where the line holds no monthly cost that is said to be in dollars and can be read."""
    fields = _fields(record)
    in_dollars: tuple[str, ...] = ("monthly_cost_usd", "monthly_price_usd")
    if (_text(fields, "currency") or "").strip().upper() == "USD":
        in_dollars = (*in_dollars, "monthly_cost", "monthly_price", "price")
    cost = next((found for name in in_dollars if (found := _money(fields.get(name))) is not None), None)
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
    if value.isascii():
        return value
    # JSON can smuggle in half a surrogate pair, which no file and no database takes.
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _word(fields: Mapping[str, object], name: str) -> str | None:
    """A text that many records share; a million numbers hold it once."""
    text = _text(fields, name)
    return None if text is None else sys.intern(text)


def _written(fields: Mapping[str, object], name: str) -> str | None:
    """A text, or a whole number as it would be written."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return str(value)
    return _text(fields, name)


def _phone_number(fields: Mapping[str, object]) -> str | None:
    written = _written(fields, "phone_number")
    if written is None or numbering.is_e164(written):
        return written
    country = _text(fields, "country_code")
    region = country.strip().upper() if country is not None else ""
    return _mended(written, region if numbering.known_region(region) else None) or written


def _mended(written: str, region: str | None) -> str | None:
    """The E.164 number that is meant, where only separators or the `+` are missing; None where it cannot be told."""
    readings = read_number(written, region)
    if readings.certain:
        return readings.numbers[0]
    with_plus = read_number(f"+{written.strip(AROUND)}")
    if with_plus.certain and readings.numbers == with_plus.numbers and numbering.assigned(with_plus.numbers[0]):
        return with_plus.numbers[0]
    return None


def _own_status(fields: Mapping[str, object]) -> str | None:
    value = fields.get("status")
    if value is None or isinstance(value, str):
        return _word(fields, "status")
    return sys.intern(_as_json(value)[:100])


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except RecursionError as error:
        raise Malformed("an entry that is nested too deep") from error


def _any_id(fields: Mapping[str, object]) -> str:
    """The ID of something that is only read; a whole number is one as well."""
    return _id({"id": _written(fields, "id")})


def _id_of_a_hold(fields: Mapping[str, object], number: str | None) -> str:
    """As `_any_id`; empty where there is none to be used, and yet the number that is held is known."""
    try:
        return _any_id(fields)
    except Malformed:
        if number is None:
            raise
        return ""


def _id(fields: Mapping[str, object]) -> str:
    found = fields.get("id")
    if not isinstance(found, str) or SAFE_ID.fullmatch(found) is None:
        raise Malformed(NO_ID)
    return found


def _name(fields: Mapping[str, object]) -> str:
    return _text(fields, "name") or _text(fields, "title") or ""


def _status(fields: Mapping[str, object]) -> str:
    return (_text(fields, "status") or "").strip().lower()


def _money(value: object) -> str | None:
    """A plain decimal string out of a string or a JSON number; None where it is no finite amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _amount(value if isinstance(value, str) else f"{Decimal(str(value)):f}")


@lru_cache(maxsize=1_024)  # a million numbers have a few prices
def _amount(text: str) -> str | None:
    # Decimal itself would take "1E-999999999", and write out a thousand million zeros.
    if _AMOUNT.fullmatch(text) is None or Decimal(text) > _MOST:
        return None
    return sys.intern(text)
