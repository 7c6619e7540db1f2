"""The lists that come beside the report, for whoever goes on from here. A new list is one line here."""

from typing import Protocol

from decom.reporting.as_conflicts_csv import ConflictsCsv
from decom.reporting.as_retry_csv import RetryCsv
from decom.reporting.interface import Audit, ReportFormat


class WorkList(ReportFormat, Protocol):
    """A file with some of the rows, written only where there are such rows."""

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write."""
        ...


LISTS: tuple[WorkList, ...] = (ConflictsCsv(), RetryCsv())
