"""How fast a run may go, as it is set: `auto`, `none` or `150/60`, and the share that is left to others."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

_RATE = re.compile(r"([0-9]{1,9})/([0-9]{1,5}(?:\.[0-9]{1,3})?)")


class Mode(Enum):
    """A rate that is no number."""

    AUTO = "auto"
    """Follow the server."""
    UNLIMITED = "none"
    """As fast as it goes, until a 429."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The user's own ceiling: the server may slow down further, and never speeds up."""

    requests: int
    """At most so many, ≥ 1 …"""
    seconds: float
    """… within any so many seconds, > 0 and at most a day."""


AUTO: Final = Mode.AUTO
UNLIMITED: Final = Mode.UNLIMITED

Rate = Mode | Fixed


def parse_rate(text: str) -> Rate:
    """`auto`, `none` or `N/SECONDS`, e.g. `150/60`. Raises ValueError with a sentence for people."""
    word = text.strip().lower()
    if word in (Mode.AUTO.value, Mode.UNLIMITED.value):
        return Mode(word)
    numbers = _RATE.fullmatch(word)
    if numbers is None:
        raise ValueError(f"{text!r} is not a valid rate: expected auto, none, or requests/seconds, e.g. 150/60")
    rate = Fixed(int(numbers[1]), float(numbers[2]))
    if rate.requests < 1 or not 0.0 < rate.seconds <= 86_400.0:
        raise ValueError(f"{text!r} is not a valid rate: at least 1 request, in more than 0 and at most 86400 seconds")
    return rate


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a run may go. Raises ValueError where the reserve is no share."""

    rate: Rate = AUTO
    reserve: float = 0.1
    """Share (0 … 1) of what the server allows that is left to the live traffic on the same key. A fixed rate is
    the user's word and taken as it is."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.reserve <= 1.0:
            raise ValueError(f"invalid reserve {self.reserve}: expected a share from 0 to 1, e.g. 0.1")
