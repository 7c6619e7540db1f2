"""What a setting may be: a text (or a value of TOML) in, the value out, or ValueError with a sentence for people."""

import math
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_DOLLARS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)
_LENGTH = re.compile(
    r"(?=[0-9])(?:([0-9]{1,4})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,8})s)?", re.ASCII | re.IGNORECASE
)
_REGION = re.compile(r"[A-Za-z]{2}", re.ASCII)
_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_LONGEST = timedelta(days=366)
_MOST_TEXT = 1_000


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number from `least` to `most`."""

    def value(said: object) -> int:
        number = said if isinstance(said, int) and not isinstance(said, bool) else None
        if isinstance(said, str) and _WHOLE.fullmatch(said.strip()) is not None:
            number = int(said)
        if number is None or not least <= number <= most:
            raise ValueError(f"{_shown(said)} is not allowed: it must be a whole number from {least:,} to {most:,}")
        return number

    return value


def share(*, zero: bool) -> Callable[[object], float]:
    """A share up to 1; of nothing at all only where `zero` allows it."""

    def value(said: object) -> float:
        number = _number(said)
        if number is None or not 0.0 <= number <= 1.0 or (number == 0.0 and not zero):
            least = "from 0" if zero else "above 0"
            raise ValueError(f"{_shown(said)} is not allowed: it must be a share {least} and up to 1, such as 0.5")
        return number

    return value


def dollars(said: object) -> Decimal:
    """An amount of US dollars from 0 on, without a sign or a currency."""
    text = str(said) if isinstance(said, int | float) and not isinstance(said, bool) else said
    if not isinstance(text, str) or _DOLLARS.fullmatch(text.strip()) is None:
        raise ValueError(f"{_shown(said)} is not allowed: it must be an amount in USD from 0 on, such as 250.00")
    return Decimal(text.strip())


def seconds(*, zero: bool) -> Callable[[object], float]:
    """Seconds up to a day, as a number or with a unit (`90s`, `2m`)."""

    def value(said: object) -> float:
        number = _number(said)
        if number is None and isinstance(said, str):
            found = _length(said)
            number = None if found is None else found.total_seconds()
        if number is None or not 0.0 <= number <= 86_400.0 or (number == 0.0 and not zero):
            least = "from 0" if zero else "above 0"
            raise ValueError(f"{_shown(said)} is not allowed: it must be seconds {least} and up to 86,400, such as 30")
        return number

    return value


def length(said: object) -> timedelta:
    """A length of time with its unit: `90m`, `24h`, `1h30m`, `2d`."""
    found = _length(said) if isinstance(said, str) else None
    if found is None or not timedelta(0) < found <= _LONGEST:
        raise ValueError(f"{_shown(said)} is not allowed: it must be a time with its unit, such as 90m, 24h or 2d")
    return found


def text(said: object) -> str:
    """Any text that is not blank, without a line break."""
    if not isinstance(said, str) or said.strip() == "" or len(said) > _MOST_TEXT or not said.isprintable():
        raise ValueError(f"{_shown(said)} is not allowed: it must be a text in one line")
    return said


def path(said: object) -> Path:
    """The name of a file or folder."""
    if not isinstance(said, str | Path) or str(said) == "" or "\0" in str(said):
        raise ValueError(f"{_shown(said)} is not allowed: it must be the name of a file or folder")
    return Path(said)


def region(said: object) -> str:
    """A country in two letters, made large."""
    if not isinstance(said, str) or _REGION.fullmatch(said) is None:
        raise ValueError(f"{_shown(said)} is not allowed: it must be a country in two letters, such as IN or US")
    return said.upper()


def one_of(*words: str) -> Callable[[object], str]:
    """One of a few words."""

    def value(said: object) -> str:
        if not isinstance(said, str) or said not in words:
            raise ValueError(f"{_shown(said)} is not allowed: it must be {' or '.join(words)}")
        return said

    return value


def words(said: object) -> tuple[str, ...]:
    """A list of texts, or one text with blanks or commas between them; at least one."""
    found = said.replace(",", " ").split() if isinstance(said, str) else said
    if not isinstance(found, list) or len(found) == 0 or not all(isinstance(each, str) and each for each in found):
        raise ValueError("this is not allowed: it must be a list of texts, and not an empty one")
    return tuple(found)


def texts(said: object) -> tuple[str, ...]:
    """A list of texts, or one text as it stands; at least one."""
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list) or len(found) == 0:
        raise ValueError("this is not allowed: it must be a list of texts, and not an empty one")
    return tuple(map(text, found))


def some_of(*names: str) -> Callable[[object], tuple[str, ...]]:
    """A list of some of these names, or one text with blanks or commas between them."""

    def value(said: object) -> tuple[str, ...]:
        found = words(said)
        unknown = next((name for name in found if name not in names), None)
        if unknown is not None:
            raise ValueError(f"{_shown(unknown)} is not allowed: it must be one of {', '.join(names)}")
        return tuple(dict.fromkeys(found))

    return value


def hours(said: object) -> str:
    """Working hours such as `22:00-05:00`; an end before the start is on the next day."""
    if not isinstance(said, str) or _HOURS.fullmatch(said) is None:
        raise ValueError(f"{_shown(said)} is not allowed: it must be hours such as 22:00-05:00")
    start, _, end = said.partition("-")
    if start == end:
        raise ValueError(f"{_shown(said)} is not allowed: the hours end when they begin")
    return said


def timezone(said: object) -> str:
    """A time zone by its name."""
    try:
        return ZoneInfo(text(said)).key
    except (OSError, ValueError, LookupError):
        raise ValueError(
            f"{_shown(said)} is no time zone that this machine knows: it must be a name such as Europe/Berlin"
        ) from None


def _length(said: str) -> timedelta | None:
    found = _LENGTH.fullmatch(said.strip())
    if found is None:
        return None
    days, hours_, minutes, seconds_ = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours_, minutes=minutes, seconds=seconds_)


def _number(said: object) -> float | None:
    if isinstance(said, bool):
        return None
    if isinstance(said, int | float):
        return float(said) if math.isfinite(said) and abs(said) < 1e18 else None
    if isinstance(said, str) and _DECIMAL.fullmatch(said.strip()) is not None:
        return float(said)
    return None


def _shown(said: object) -> str:
    return repr(said)[:80]
