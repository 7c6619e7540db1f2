"""One errand as JSON on standard input, done; why it failed on standard output, nothing where it did not.

Run as a process of its own, because what is loaded here is made by others and talks to strangers: whoever started it
ends it when its time is up, and none of its trouble is theirs. It says no more than a status or the kind of an error:
a whole message could hold the address, and the address is a secret.
"""

import http.client
import json
import logging
import re
import signal
import sys
import urllib.error
import urllib.request
from typing import Any

_STATUS = re.compile(r"error[=: ]+([1-5][0-9]{2})\b", re.ASCII | re.IGNORECASE)
"""How Apprise's services write the status that they were answered with."""


def main() -> int:
    """Do the one errand; 0 where there was an answer, whatever it was."""
    errand: dict[str, Any] = json.load(sys.stdin)
    signal.alarm(int(errand["seconds"]) + 2)  # should nobody be left to end this process
    work = {"ping": _ping, "tell": _tell, "check": _check}[errand["kind"]]
    why = work(errand)
    sys.stdout.write(json.dumps({"why": why}) + "\n")
    return 0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An address that moved is an answer: who follows it tells a stranger the secret part."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ping(errand: dict[str, Any]) -> str:
    """GET the address. Only a 2xx is a success; the body is not read."""
    request = urllib.request.Request(errand["url"], headers={"User-Agent": "decom"})  # noqa: S310 - settings take http and https alone
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=errand["seconds"]):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answered {error.code}"
    except urllib.error.URLError as error:
        cause = error.reason
        return f"it could not be reached ({type(cause).__name__ if isinstance(cause, Exception) else 'URLError'})"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"it could not be reached ({type(error).__name__})"


class _Statuses(logging.Handler):
    """Keeps the last status that a service complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        found = _STATUS.search(record.getMessage())
        self.last = self.last if found is None else found[1]


def _tell(errand: dict[str, Any]) -> str:
    """Send the message through Apprise."""
    import apprise  # an extra, and only this errand and the next need it

    statuses = _Statuses()
    logging.getLogger("apprise").addHandler(statuses)
    service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="decom", app_desc="decom", async_mode=False))
    if not service.add(errand["url"]):
        return "Apprise does not understand this address"
    sent = service.notify(
        title=errand["subject"],
        body=errand["body"],
        notify_type=getattr(apprise.NotifyType, errand["tone"].upper()),
        body_format=apprise.NotifyFormat.TEXT,
    )
    if sent:
        return ""
    return "it could not be reached, or refused" if statuses.last is None else f"it answered {statuses.last}"


def _check(errand: dict[str, Any]) -> str:
    """Whether Apprise understands the address; nothing is sent."""
    import apprise

    return "" if apprise.Apprise().add(errand["url"]) else "Apprise does not understand this address"


if __name__ == "__main__":
    sys.exit(main())
