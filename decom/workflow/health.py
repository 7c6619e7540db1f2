"""Settings and context in, a check-up out: one finding a check, green or with its remedy. Sends only GET.

It cannot tell whether the key may delete: that is only known by deleting, and so it says that it was not tested.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from decom.clock import Clock
from decom.dialnexa.account import Account
from decom.dialnexa.connection import Endpoint, Key
from decom.dialnexa.listing import ReadFailure, Unreadable
from decom.dialnexa.pacing.pacer import Pacer, Turn
from decom.dialnexa.retrying import RetryPolicy
from decom.dialnexa.service import Service
from decom.errors import BadSettings, DecomError, KeyRefused, LedgerTrouble
from decom.files import private_dir
from decom.ledger import schema
from decom.ledger.reader import Reader
from decom.planning.holds.default_number import DefaultNumber
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Source
from decom.settings.load import Settings
from decom.settings.secret import Secret
from decom.vocabulary import ExitCode, SourceState
from decom.workflow.checks import Check, CheckState
from decom.workflow.context import Context
from decom.workflow.history import working_now

MOST_SKEW = 60.0
"""Seconds between our clock and the service's, beyond which the age of a plan cannot be trusted."""
LEAST_FREE = 200 * 1024 * 1024
"""Bytes free on the disk, below which a large run may not end well."""


async def examine(settings: Settings, context: Context) -> list[Check]:
    """Everything that a run needs, in the order in which it needs it."""
    findings = [*_settings(settings), *_folders(settings), _ledger(settings.home), _lock(settings.home)]
    if settings.api_key is None:
        remedy = "Type: export DIALNEXA_API_KEY=key_id:secret  (or name a file with DIALNEXA_API_KEY_FILE)."
        return [*findings, Check("key", CheckState.BAD, "no API key is set", remedy, ExitCode.BAD_INPUT)]
    return [*findings, *await _account(settings, settings.api_key, context)]


def _settings(settings: Settings) -> Iterator[Check]:
    said = ", ".join(f"{name} from {place}" for name, place in sorted(settings.origins.items()))
    yield Check("settings", CheckState.WELL, f"defaults, except: {said}" if said != "" else "all defaults")
    for warning in settings.warnings:
        yield Check("settings", CheckState.STRANGE, warning)


def _folders(settings: Settings) -> Iterator[Check]:
    """Home and output: whose they are, and how much room is left."""
    for name, folder in (("home", settings.home), ("output", settings.output)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        try:
            if there == folder:
                private_dir(folder)  # one that is there is only looked at
            if not os.access(there, os.W_OK):
                raise BadSettings("not writable", where=str(there), remedy=f"Name another: --{name} DIR")
        except BadSettings as error:
            yield Check(name, CheckState.BAD, f"{error.where}: {error.what}", error.remedy, error.exit_code)
            continue
        free = shutil.disk_usage(there).free
        room = free >= LEAST_FREE
        new = "" if there == folder else ", not created yet"
        words = f"{folder}{new}, {free / 1024**3:,.1f} GiB free"
        remedy = None if room else "Free the disk before a large run."
        yield Check(name, CheckState.WELL if room else CheckState.STRANGE, words, remedy)


def _ledger(home: Path) -> Check:
    """Whether it opens, and whether every record of every run is as it was written."""
    try:
        with Reader(home) as ledger:
            run_ids = ledger.run_ids()
            broken = [
                f"run {run_id}: {trouble}"
                for run_id in run_ids
                if (trouble := ledger.broken_link(run_id, ledger.head(run_id))) is not None
            ]
    except LedgerTrouble as error:
        return Check("ledger", CheckState.BAD, error.what, error.remedy, ExitCode.BAD_INPUT)
    if len(broken) > 0:
        others = len(broken) - 1
        more = f" (and {others:,} more {'run' if others == 1 else 'runs'})" if others > 0 else ""
        remedy = "The ledger was changed. Put back a good copy, or name another home with --home."
        return Check("ledger", CheckState.BAD, f"{broken[0]}{more}", remedy, ExitCode.BAD_INPUT)
    if not (home / schema.FILE).exists():
        return Check("ledger", CheckState.WELL, "none yet; created by the first plan")
    runs = f"{len(run_ids):,} run{'' if len(run_ids) == 1 else 's'}"
    return Check("ledger", CheckState.WELL, f"{runs}, every record as it was written, version {schema.VERSION}")


def _lock(home: Path) -> Check:
    working = working_now(home)
    if len(working) == 0:
        return Check("lock", CheckState.WELL, "no run in progress")
    words = "; ".join(f"run {run_id} ({holder})" for run_id, holder in working.items())
    return Check("lock", CheckState.STRANGE, f"in progress: {words}", "Wait for it to end, or stop it with SIGTERM.")


async def _account(settings: Settings, secret: Secret, context: Context) -> list[Check]:
    """What the service says to the key; where it cannot be asked at all, nothing further is tried."""
    pacer = _Listening(settings, context)
    service = Service(
        Endpoint(settings.base_url, Key(secret.reveal()), settings.timeout),
        pacer,
        RetryPolicy(context.clock, context.random),
        context.make_transport,
    )
    host = urlsplit(settings.base_url).netloc
    async with service.reading() as account:
        try:
            first = await account.first_numbers()
        except KeyRefused as error:
            return [
                Check("key", CheckState.BAD, f"{error.what}, at {host}", error.remedy, error.exit_code),
                *_clock(pacer),
            ]
        except DecomError as error:
            return [Check("service", CheckState.BAD, error.what, error.remedy, error.exit_code), *_clock(pacer)]
        total = "" if first.total is None else f", which has {first.total:,}"
        findings = [
            Check("key", CheckState.WELL, f"accepted by {host}; it may list the numbers of this account{total}")
        ]
        findings += await _rights(account)
    return [*findings, *_clock(pacer)]


async def _rights(account: Account) -> list[Check]:
    """Which sources of conflicts this account has and this key may read, and what else the key may do."""
    sources = [(await hold.find(account)).source for hold in HOLDS]
    asked = [source for source in sources if source.name != DefaultNumber.name]
    found = [*map(_source, asked), _price_list(await account.prices())]
    if all(source.state in (SourceState.NOT_CHECKED, SourceState.NOT_APPLICABLE) for source in asked):
        what = "no source of conflicts can be read: only the service's own refusal (409) would protect a number in use"
        found.append(Check("conflicts", CheckState.STRANGE, what, "Use a key that may read campaigns or batch calls."))
    what = (
        "cannot be tested without a release; if the key lacks it, the first release is refused (403) and the run stops"
    )
    found.append(Check("right to release", CheckState.STRANGE, what, _ADVICE))
    return found


_ADVICE = "Use a key created for this job alone, and revoke it after a one-off job: nothing else depends on it then."


def _source(source: Source) -> Check:
    name = source.name.replace("-", " ")
    if source.state is SourceState.NOT_CHECKED:
        remedy = f"Until it can be read, plans are refused (exit 5) unless you add: --accept-unchecked {source.name}"
        return Check(name, CheckState.STRANGE, f"cannot be read: {source.why}", remedy)
    if source.state is SourceState.NOT_APPLICABLE:
        return Check(name, CheckState.WELL, f"not there: {source.why}")
    return Check(name, CheckState.WELL, "can be read")


def _price_list(read: object) -> Check:
    if not isinstance(read, Unreadable):
        return Check("price list", CheckState.WELL, "can be read")
    if read.because is ReadFailure.ABSENT:
        return Check("price list", CheckState.WELL, f"not there: {read.why}")
    remedy = "The cost of a number without a price of its own will be unknown."
    return Check("price list", CheckState.STRANGE, f"cannot be read: {read.why}", remedy)


class _Listening(Pacer):
    """A pacer that also hears what time the service says it is: the pacer is who is told of every answer's headers."""

    def __init__(self, settings: Settings, context: Context) -> None:
        super().__init__(settings.pace, context.clock, context.random)
        self._wall = context.clock
        self.ahead: float | None = None
        """Seconds by which the service's clock is ahead of ours; None: it has not said."""

    def answered(self, turn: Turn, status: int, headers: Mapping[str, str]) -> None:
        self.ahead = _ahead(headers.get("date"), self._wall)
        super().answered(turn, status, headers)


def _ahead(date: str | None, clock: Clock) -> float | None:
    if date is None:
        return None
    try:
        said = parsedate_to_datetime(date)
    except ValueError:
        return None
    if said.tzinfo is None:  # so it is for a date in the zone "-0000", which means UTC
        said = said.replace(tzinfo=UTC)
    return (said - clock.now()).total_seconds()


def _clock(pacer: _Listening) -> Iterator[Check]:
    if pacer.ahead is None:
        yield Check("clock", CheckState.STRANGE, "the service does not report its time", "Check this machine's clock.")
    elif abs(pacer.ahead) > MOST_SKEW:
        words = f"this machine is {abs(pacer.ahead):,.0f} s {'behind' if pacer.ahead > 0 else 'ahead of'} the service"
        remedy = "Correct the clock: the age of a plan, and the times in the report, depend on it."
        yield Check("clock", CheckState.STRANGE, words, remedy)
    else:
        yield Check("clock", CheckState.WELL, "in sync with the API")
