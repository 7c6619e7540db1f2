"""What the server saw, in order: requests in, one record each out."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Record:
    """One request from its arrival on. The server fills it in while it answers."""

    seq: int
    """From 1, in the order of arrival."""
    nth: int
    """The nth request with this method, from 1."""
    arrived: float
    """Seconds on the monotonic clock."""
    method: str
    target: str
    """Path and query, byte for byte as they were sent."""
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
    answered: float | None = None
    """When the server was done with it, on the monotonic clock; None until then."""


@dataclass(slots=True)
class RequestLog:
    """The log of one sandbox. Written by the server's thread, read by any."""

    log: list[Record] = field(default_factory=list)
    in_flight: int = 0
    """Requests being answered now."""
    peak_in_flight: int = 0
    """The most that were being answered at once."""
    methods: Counter[str] = field(default_factory=Counter)
    """Requests per method."""
