"""How a run ended in, a textfile for Prometheus out: written whole, or as it was before.

The file is the one that others may read (0644): the node exporter runs as another user. So it holds counts, times
and an exit code, and nothing that would have to be kept from them.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from decom.clock import parse_iso
from decom.files import atomic_write
from decom.reporting.interface import Audit
from decom.vocabulary import ExitCode
from decom.workflow.reports import RunResult

if TYPE_CHECKING:  # an extra: it may not be there
    from prometheus_client.core import GaugeMetricFamily

_FOR_ALL_TO_READ = 0o644


def write_metrics(path: Path, finished: RunResult | None, exit_code: ExitCode, now: datetime) -> None:
    """Replace the file at `path`. Raises OSError where the disk refuses.

    `finished` is None where no report of a run was written: then only the exit code and its time are there.
    """
    content = as_text(finished, exit_code, now)
    with atomic_write(path) as stream:
        os.fchmod(stream.fileno(), _FOR_ALL_TO_READ)
        stream.write(content)


def as_text(finished: RunResult | None, exit_code: ExitCode, now: datetime) -> bytes:
    """The file's content."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(_Families(list(_families(finished, exit_code, now))))
    return generate_latest(registry)


class _Families:
    """Gives families as they are: gauges with values of their own would be kept in files in some set-ups."""

    def __init__(self, families: "list[GaugeMetricFamily]") -> None:
        self._families = families

    def collect(self) -> "list[GaugeMetricFamily]":
        return self._families


def _families(finished: RunResult | None, exit_code: ExitCode, now: datetime) -> "Iterator[GaugeMetricFamily]":
    from prometheus_client.core import GaugeMetricFamily

    yield GaugeMetricFamily("decom_run_exit_code", "Exit code of the last run.", value=int(exit_code))
    yield GaugeMetricFamily("decom_run_ended_timestamp_seconds", "When the last run ended.", value=now.timestamp())
    if finished is None:
        return
    audit = finished.audit
    rows = GaugeMetricFamily("decom_run_rows", "Rows of the last run's input by outcome.", labels=("outcome",))
    for outcome, count in audit.counts.items():
        rows.add_metric((outcome.value,), count)
    yield rows
    if (seconds := _releasing(audit)) is not None:
        words = "From when the last run first began to release until its last part ended."
        yield GaugeMetricFamily("decom_run_releasing_seconds", words, value=seconds)
    if audit.verification is not None:
        words = "Numbers whose state differed from the report when the last run was verified."
        yield GaugeMetricFamily("decom_run_differences", words, value=len(audit.verification.differences))


def _releasing(audit: Audit) -> float | None:
    """Seconds; None where nothing was begun."""
    begin, end = audit.timing.released_from, audit.timing.released_to
    return None if begin is None or end is None else (parse_iso(end) - parse_iso(begin)).total_seconds()
