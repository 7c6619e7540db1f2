"""What a setting may be: a text (or a value of TOML) in, the value out, or ValueError with a sentence for people.

Light, since the catalogue of settings names these functions, and every command loads that: what takes time to load is
loaded by the function that needs it.
"""

import math
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from decimal import Decimal

    from decom.dialnexa.pacing.rate import Rate
    from decom.settings.secret import Secret

# As text: they are compiled where they are asked for, which a command that only prints its help never does.
_WHOLE = r"[+-]?[0-9]{1,18}"
_DECIMAL = r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?"
_DOLLARS = r"[0-9]{1,9}(\.[0-9]{1,10})?"
_LENGTH = r"(?=[0-9])(?:([0-9]{1,4})d)?(?:([0-9]{1,5})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,8})s)?"
_REGION = r"[A-Za-z]{2}"
_HOURS = r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]"
_LONGEST = timedelta(days=366)
_MOST_TEXT = 1_000


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number from `least` to `most`."""

    def value(said: object) -> int:
        number = said if isinstance(said, int) and not isinstance(said, bool) else None
        if isinstance(said, str) and re.fullmatch(_WHOLE, said.strip()) is not None:
            number = int(said)
        if number is None or not least <= number <= most:
            _refuse(said, f"a whole number from {least:,} to {most:,}")
        return number

    return value


def share(*, zero: bool) -> Callable[[object], float]:
    """A share up to 1; of nothing at all only where `zero` allows it."""

    def value(said: object) -> float:
        number = _number(said)
        if number is None or not 0.0 <= number <= 1.0 or (number == 0.0 and not zero):
            _refuse(said, f"a share {'from 0 to' if zero else 'above 0 and up to'} 1, e.g. 0.5")
        return number

    return value


def dollars(said: object) -> "Decimal":
    """An amount of US dollars from 0 on, without a sign or a currency."""
    from decimal import Decimal

    text = str(said) if isinstance(said, int | float) and not isinstance(said, bool) else said
    if not isinstance(text, str) or re.fullmatch(_DOLLARS, text.strip()) is None:
        _refuse(said, "an amount in USD, e.g. 250.00")
    return Decimal(text.strip())


def seconds(*, zero: bool) -> Callable[[object], float]:
    """Seconds up to a day, as a number or with a unit (`90s`, `2m`)."""

    def value(said: object) -> float:
        number = _number(said)
        if number is None and isinstance(said, str):
            found = _length(said)
            number = None if found is None else found.total_seconds()
        if number is None or not 0.0 <= number <= 86_400.0 or (number == 0.0 and not zero):
            _refuse(said, f"seconds {'from 0 to' if zero else 'above 0 and up to'} 86,400, e.g. 30")
        return number

    return value


def length(said: object) -> timedelta:
    """A length of time with its unit: `90m`, `24h`, `1h30m`, `2d`."""
    found = _length(said) if isinstance(said, str) else None
    if found is None or not timedelta(0) < found <= _LONGEST:
        _refuse(said, "a duration with its unit, e.g. 90m, 24h or 2d")
    return found


def text(said: object) -> str:
    """Any text that is not blank, without a line break."""
    if not isinstance(said, str) or said.strip() == "" or len(said) > _MOST_TEXT or not said.isprintable():
        _refuse(said, "a single line of text")
    return said


def path(said: object) -> Path:
    """The name of a file or folder."""
    if not isinstance(said, str | Path) or str(said) == "" or "\0" in str(said):
        _refuse(said, "the path of a file or directory")
    return Path(said)


def region(said: object) -> str:
    """A country in two letters, made large."""
    if not isinstance(said, str) or re.fullmatch(_REGION, said) is None:
        _refuse(said, "a two-letter country code, e.g. IN or US")
    return said.upper()


def one_of(*words: str) -> Callable[[object], str]:
    """One of a few words."""

    def value(said: object) -> str:
        if not isinstance(said, str) or said not in words:
            _refuse(said, " or ".join(words))
        return said

    return value


def words(said: object) -> tuple[str, ...]:
    """A list of texts, or one text with blanks or commas between them; at least one."""
    found = said.replace(",", " ").split() if isinstance(said, str) else said
    if not isinstance(found, list) or len(found) == 0 or not all(isinstance(each, str) and each for each in found):
        raise ValueError("invalid value: expected a list of texts with at least one entry")
    return tuple(found)


def texts(said: object) -> tuple[str, ...]:
    """A list of texts, or one text as it stands; at least one."""
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list) or len(found) == 0:
        raise ValueError("invalid value: expected a list of texts with at least one entry")
    return tuple(map(text, found))


def some_of(*names: str) -> Callable[[object], tuple[str, ...]]:
    """A list of some of these names, or one text with blanks or commas between them."""

    def value(said: object) -> tuple[str, ...]:
        found = words(said)
        unknown = next((name for name in found if name not in names), None)
        if unknown is not None:
            _refuse(unknown, f"one of {', '.join(names)}")
        return tuple(dict.fromkeys(found))

    return value


def hours(said: object) -> str:
    """Working hours such as `22:00-05:00`; an end before the start is on the next day."""
    if not isinstance(said, str) or re.fullmatch(_HOURS, said) is None:
        _refuse(said, "hours, e.g. 22:00-05:00")
    start, _, end = said.partition("-")
    if start == end:
        _refuse(said, "an end that differs from the start")
    return said


def timezone(said: object) -> str:
    """A time zone by its name."""
    from zoneinfo import ZoneInfo

    name = text(said)
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, LookupError):
        _refuse(said, "a time zone known to this machine, e.g. Europe/Berlin")


def rate(said: object) -> "Rate":
    """A rate as `auto`, `none` or `150/60`."""
    from decom.dialnexa.pacing.rate import parse_rate

    return parse_rate(text(said))


def conflict_sources(said: object) -> tuple[str, ...]:
    """The names of some sources of conflicts that may stay unread."""
    from decom.planning.guards import ACCEPTABLE

    return some_of(*ACCEPTABLE)(said)


def secrets(said: object) -> "tuple[Secret, ...]":
    """As `words`; none of them is ever shown."""
    from decom.settings.secret import Secret

    return tuple(map(Secret, words(said)))


def secret_url(said: object) -> "Secret":
    """A URL that is never shown, since whoever has it can use it."""
    from decom.settings.secret import Secret

    if not isinstance(said, str) or not said.startswith(("https://", "http://")) or not said.isprintable():
        raise ValueError("invalid value: expected a URL that begins with https:// or http://")
    return Secret(said)


def unseen(said: object) -> str:
    """A text that is checked elsewhere, and may be shown nowhere."""
    if not isinstance(said, str):
        raise ValueError("invalid value: expected a text")
    return said


def _length(said: str) -> timedelta | None:
    found = re.fullmatch(_LENGTH, said.strip(), re.ASCII | re.IGNORECASE)  # without ASCII, ſ is an s
    if found is None:
        return None
    days, hours_, minutes, seconds_ = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours_, minutes=minutes, seconds=seconds_)


def _number(said: object) -> float | None:
    if isinstance(said, bool):
        return None
    if isinstance(said, int | float):
        return float(said) if math.isfinite(said) and abs(said) < 1e18 else None
    if isinstance(said, str) and re.fullmatch(_DECIMAL, said.strip()) is not None:
        return float(said)
    return None


def _refuse(said: object, expected: str) -> NoReturn:
    raise ValueError(f"invalid value {repr(said)[:80]}: expected {expected}") from None
