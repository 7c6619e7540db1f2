"""What can go wrong with one request. In: a seed and shares. Out: at most one fault for each request, always the same.

Whether a fault struck depends only on the seed, the target and how often it was asked for: a change of order in the
product changes as little as can be.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NOT_SENT = ("connect_refused", "connect_timeout", "certificate")
"""Nothing leaves; the client is told before the trace says that headers are on their way."""

LOST = ("write_error", "drop_before", "hang_before")
"""Something left, nothing was applied, no answer comes."""

APPLIED_SILENT = ("drop_after", "hang_after", "late_apply", "hang_late_apply")
"""Applied, now or when the client has long given up; no answer comes."""

REFUSED = ("400", "403", "422", "410", "429", "429_date", "429_bare", "429_fraction", "429_long", "401")
"""Answered instead of being applied; 401 once, and all is well again; 410 although the number is there."""

DOUBTFUL_BEFORE = ("408", "423", "425", "500_before", "502_before", "503_before", "504_before", "html_200", "redirect")
"""Answered with what says nothing, and not applied."""

DOUBTFUL_AFTER = ("500_after", "502_after", "503_after", "504_after", "html_200_after", "408_after")
"""Applied, and answered with what says nothing."""

SUCCESSES = (
    "half_body", "empty_200", "202", "204", "206", "not_json", "drip", "surrogate", "coded", "coded_junk", "202_late",
)  # fmt: skip
"""Applied and answered with a success of an odd form; the last one applied only a while after its answer."""

UNTRUE_SUCCESSES = ("202_never", "207", "success_false")
"""Answered with a success, and never applied."""

ODD_404 = ("html_404", "route_404", "vague_404", "gateway_404")
"""A 404 that does not speak of the number; nothing was applied."""

WAYS = ("gateway_retry",)
"""A gateway hands it on twice, and the client sees the second answer."""

DELETES: tuple[str, ...] = (
    *NOT_SENT, *LOST, *APPLIED_SILENT, *REFUSED, *DOUBTFUL_BEFORE, *DOUBTFUL_AFTER, *SUCCESSES,
    *UNTRUE_SUCCESSES, *ODD_404, *WAYS,
)  # fmt: skip
"""The faults of a DELETE."""

ODD_READS = ("stale_read", "page_drift", "total_mismatch", "swap")
"""A good answer to a GET, and not quite the truth; the last one because the account changes as it is asked for."""

HALF_READS = ("says_failed", "206")
"""A success that says of itself that it is none, or not whole."""

READS: tuple[str, ...] = (
    "connect_refused", "connect_timeout", "drop_before", "hang_before", "408", "423", "425",
    "429", "429_date", "429_bare", "429_fraction", "429_long",
    "500_before", "502_before", "503_before", "504_before", "html_200", "html_404", "route_404", "vague_404",
    "gateway_404", "redirect", "half_body", "not_json", "coded", "coded_junk", *HALF_READS, *ODD_READS,
)  # fmt: skip
"""The faults of a GET."""

RARE = frozenset({"certificate", "401", "html_404", "route_404", "html_200", "redirect"})
"""Faults that end a run; where every second seed had one, nothing else would be seen."""


@dataclass(slots=True)
class Faults:
    """Chooses for every request."""

    seed: int
    delete_kinds: Sequence[str] = ()
    delete_share: float = 0.0
    read_kinds: Sequence[str] = ()
    read_share: float = 0.0
    outage: tuple[int, int] = (0, 0)
    """From which request to before which no request at all has an answer."""
    quiet: bool = False
    """True once nothing goes wrong any more."""
    seen: Counter[str] = field(default_factory=Counter)
    """How often each kind struck."""
    _turns: Counter[str] = field(default_factory=Counter)

    def choose(self, method: str, target: str, nth: int) -> str | None:
        """The fault of the nth of all requests; None where all goes well."""
        if self.quiet:
            return None
        request = f"{method} {target}"
        self._turns[request] += 1
        chance = random.Random(f"{self.seed} {request} {self._turns[request]}")
        if self.outage[0] <= nth < self.outage[1]:
            return self._count(chance.choice(("connect_refused", "drop_before", "504_before")))
        kinds, share = (
            (self.delete_kinds, self.delete_share) if method == "DELETE" else (self.read_kinds, self.read_share)
        )
        if len(kinds) == 0 or chance.random() >= share:
            return None
        kind = chance.choice(kinds)
        if kind in RARE and chance.random() < 0.7:
            return None
        return self._count(kind)

    def _count(self, kind: str) -> str:
        self.seen[kind] += 1
        return kind

    def count(self, kinds: Mapping[str, int]) -> None:
        """Take note of trouble that is made elsewhere."""
        self.seen.update(kinds)


def some(chance: random.Random, kinds: Sequence[str]) -> tuple[str, ...]:
    """A few of the kinds: trouble of few kinds meets itself more often than trouble of every kind."""
    return tuple(chance.sample(kinds, chance.choice((1, 2, 2, 3, 5, len(kinds)))))
