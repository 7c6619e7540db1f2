"""The audit and a run's folder in, the report's files out: each whole or not there.

Raises OSError where the disk refuses; the files written before that stay, the one that failed does not.
"""

from collections.abc import Sequence
from pathlib import Path

from decom.errors import BadSettings
from decom.files import atomic_write
from decom.reporting.csv_files import LISTS
from decom.reporting.interface import Audit, ReportFormat


def write_reports(audit: Audit, folder: Path, formats: Sequence[ReportFormat]) -> tuple[Path, ...]:
    """Write `formats` into `folder` (which exists), and those lists for which there are rows.

    A list that an earlier writing left, and for which there are no rows any more, is removed: whoever finds
    `retry.csv` must find in it what is still to be done. Returns the files in the order written.
    """
    lists = [one for one in LISTS if one.is_for(audit)]
    written = [_written(form, audit, folder) for form in (*formats, *lists)]
    for one in LISTS:
        if one not in lists:
            (folder / one.file_name).unlink(missing_ok=True)
    return tuple(written)


def _written(form: ReportFormat, audit: Audit, folder: Path) -> Path:
    path = folder / form.file_name
    with atomic_write(path) as stream:
        form.write(audit, stream)
    return path


def chosen(words: Sequence[str], formats: Sequence[ReportFormat]) -> tuple[ReportFormat, ...]:
    """Those of `formats` that `[report] formats` names, in the order of `formats`.

    Raises BadSettings for a word that names none of them.
    """
    names = [form.name for form in formats]
    unknown = [word for word in words if word not in names]
    if unknown != []:
        raise BadSettings(
            f"no such report format: {unknown[0]!r}",
            where="[report] formats",
            remedy=f"Choose from: {', '.join(names)}.",
        )
    return tuple(form for form in formats if form.name in words)
