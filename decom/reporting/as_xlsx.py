"""The audit in, `audit.xlsx` out: a summary with control totals, a sheet an outcome, groups, to-do, sources.

No macros, no formulas, no links: text is text, money and times are numbers and dates of the workbook. The sheets
and the finished workbook wait in temporary files, never in memory.
"""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.workbook import Workbook

from decom.reporting.interface import Audit
from decom.reporting.statement import by_group
from decom.reporting.xlsx_lists import write_groups, write_sources, write_todo
from decom.reporting.xlsx_rows import MOST_LINES, RowSheets
from decom.reporting.xlsx_sheet import Lines, cell_formats
from decom.reporting.xlsx_summary import write_summary


class AsXlsx:
    """`audit.xlsx`"""

    name = "xlsx"
    file_name = "audit.xlsx"

    def __init__(self, *, most_lines: int = MOST_LINES) -> None:
        """`most_lines` of a sheet of rows, its heading included: past it a second sheet goes on."""
        self._most_lines = most_lines

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write the workbook. Raises OSError where the disk refuses."""
        with tempfile.TemporaryDirectory(prefix="decom-") as waiting:
            options = {
                "constant_memory": True,
                "tmpdir": waiting,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "use_zip64": True,
            }
            made = Path(waiting) / self.file_name
            try:
                with Workbook(made, options) as book:
                    self._fill(book, audit)
            except FileCreateError as error:
                raise OSError(f"the workbook cannot be made in {waiting}: {error}") from error
            with made.open("rb") as finished:
                shutil.copyfileobj(finished, stream, 1 << 20)

    def _fill(self, book: Workbook, audit: Audit) -> None:
        book.set_properties(
            {
                "title": "Audit of released phone numbers",
                "subject": audit.run_id,
                "author": "decom",
                "created": _made_at(audit),
            }
        )
        look = cell_formats(book)
        summary = Lines(book.add_worksheet("Summary"), look)
        rows = RowSheets(book, look, audit, most_lines=self._most_lines)
        rows.write()
        groups = by_group(audit)
        write_groups(Lines(book.add_worksheet("By group"), look), audit, groups)
        write_todo(Lines(book.add_worksheet("To do"), look), audit)
        write_sources(Lines(book.add_worksheet("Sources"), look), audit)
        write_summary(summary, audit, groups, rows.written)
        summary.sheet.activate()


def _made_at(audit: Audit) -> datetime:
    """The workbook's date of making: a fact of the run, so that the same run gives the same bytes."""
    try:
        return datetime.fromisoformat(audit.timing.planned_at).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(2000, 1, 1)  # noqa: DTZ001 - the workbook's own dates have no zone
