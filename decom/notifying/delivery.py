"""Pings and messages in, each sent by a thread of its own within a bound; why each failed out, None where it did not.

What sends is made by others and talks to strangers, so nobody waits for it longer than was said, and its threads are
daemons: one that hangs neither holds a run up nor keeps the process from ending. A reason is a status or the kind of
an error and never a whole message, since that could hold the address, and the address is a secret. For the same
reason `logs` passes on what libraries say in the main thread alone.
"""

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Literal

from decom.settings.secret import Secret

LONGEST = 10.0
"""Seconds until a delivery is given up, its name look-up and a dripping answer included."""
NOT_AN_ADDRESS = "Apprise does not understand this address"
_STATUS = re.compile(r"error[=: ]+([1-5][0-9]{2})\b", re.ASCII | re.IGNORECASE)
"""How Apprise's services write the status that they were answered with."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to be brought to somebody outside."""

    kind: Literal["ping", "message", "check"]
    """GET the address; send it a message; see whether Apprise understands it, and send nothing."""
    url: Secret
    message: Mapping[str, str] | None = None
    """`subject`, `body` and `tone` of a message; None for the other kinds."""


def deliver(deliveries: Sequence[Delivery], within: float = LONGEST) -> list[str | None]:
    """Make all deliveries at once, in `within` seconds; why each failed in a few words, None where it arrived."""
    if len(deliveries) == 0:
        return []
    until = time.monotonic() + within
    whys: list[str | None] = [f"it took longer than {within:g} s"] * len(deliveries)
    # Not an executor of concurrent.futures: Python waits at its end for the threads of those, however they hang.
    with ThreadPool(len(deliveries)) as pool:
        results = [
            pool.apply_async(
                _tried,
                (delivery, within),
                callback=partial(whys.__setitem__, place),
                error_callback=partial(_note_unexpected, whys, place),
            )
            for place, delivery in enumerate(deliveries)
        ]
        for result in results:
            result.wait(max(0.0, until - time.monotonic()))
        return whys.copy()


def _note_unexpected(whys: list[str | None], place: int, error: BaseException) -> None:
    whys[place] = f"it failed unexpectedly ({type(error).__name__})"


def _tried(delivery: Delivery, within: float) -> str | None:
    """Make one delivery. Of what it raises only the kind is ever shown."""
    url = delivery.url.reveal()
    if delivery.kind == "ping":
        return _ping(url, within)
    return _check(url) if delivery.message is None else _send(url, delivery.message)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An address that moved is an answer: who follows it tells a stranger the secret part."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ping(url: str, within: float) -> str | None:
    """GET the address. Only a 2xx is a success; the body is not read."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "decom"})  # noqa: S310 - settings take http and https alone
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=within):
            return None
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}"
    except urllib.error.URLError as error:
        cause = error.reason
        return f"it could not be reached ({type(cause).__name__ if isinstance(cause, Exception) else 'URLError'})"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"it could not be reached ({type(error).__name__})"


def _send(url: str, message: Mapping[str, str]) -> str | None:
    """Send the message through Apprise."""
    import apprise  # an extra, slow to load, and only messages and checks need it

    # With a time-out of its own it would send from threads that Python waits for at its end.
    asset = apprise.AppriseAsset(app_id="decom", app_desc="decom", async_mode=False, service_timeout=0)
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        return NOT_AN_ADDRESS
    sent = service.notify(
        title=message["subject"],
        body=message["body"],
        notify_type=getattr(apprise.NotifyType, message["tone"].upper()),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if sent:
        return None
    statuses = [found[1] for entry in sent.logs() if (found := _STATUS.search(entry.message)) is not None]
    return f"it answered {statuses[-1]}" if len(statuses) > 0 else "it could not be reached, or refused"


def _check(url: str) -> str | None:
    """Whether Apprise understands the address; nothing is sent."""
    import apprise

    return None if apprise.Apprise().add(url) else NOT_AN_ADDRESS
