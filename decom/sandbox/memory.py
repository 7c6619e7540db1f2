"""What the server saw, in order: requests in, one record each out."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Record:
    """One request from its arrival on. The server fills it in while it answers."""

    seq: int
    """From 1, in the order of arrival."""
    nth: int
    """The nth request with this method, from 1."""
    arrived: float
    """Seconds on the monotonic clock."""
    wall: float
    """Seconds since 1970, of the machine's clock."""
    method: str
    target: str
    """Path and query, byte for byte as they were sent."""
    key_id: str | None
    """The part of the key before the colon, None without a Bearer key."""
    number_id: str | None
    """The ID in the path, None where the path is not that of one number."""
    in_flight: int
    """Requests being answered at its arrival, this one among them."""
    status: int | None = None
    """What was answered, None as long as (or because) no status was sent."""
    fault: str | None = None
    """The kind of fault that was acted out on it."""
    applied: bool = False
    """Whether it changed the account."""
    over_limit: bool = False
    """Whether the rate limit refused it."""
    answered: float | None = None
    """When the server was done with it, on the monotonic clock; None until then."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Memory:
    """The log of one sandbox. Written by the server's thread, read by any."""

    log: list[Record] = field(default_factory=list)
    in_flight: int = 0
    """Requests being answered now."""
    peak_in_flight: int = 0
    """The most that were being answered at once."""
    methods: Counter[str] = field(default_factory=Counter)
    """Requests per method."""
