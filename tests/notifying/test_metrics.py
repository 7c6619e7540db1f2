"""The textfile for Prometheus: read back by its own parser, whole, and readable by the exporter."""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from decom.notifying.metrics import as_text, write_metrics
from decom.vocabulary import ExitCode, Outcome, Stopped
from tests.notifying.endings import audit_of, finished

NOW = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
ENDING = finished(audit_of({Outcome.RELEASED: 117, Outcome.CONFLICTED: 3}))


def read(content: bytes) -> dict[tuple[str, str], float]:
    """Every sample by its name and its outcome, if it has one."""
    return {
        (sample.name, sample.labels.get("outcome", "")): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


def test_a_run_is_told_by_its_exit_code_its_rows_and_its_times() -> None:
    found = read(as_text(ENDING, ExitCode.HELD_BACK, NOW))
    assert found == {
        ("decom_run_exit_code", ""): 3,
        ("decom_run_ended_timestamp_seconds", ""): NOW.timestamp(),
        **{("decom_run_rows", outcome.value): 0 for outcome in Outcome},
        ("decom_run_rows", "released"): 117,
        ("decom_run_rows", "conflicted"): 3,
        ("decom_run_releasing_seconds", ""): 552.48,
        ("decom_run_differences", ""): 0,
    }


def test_what_is_not_known_is_not_there() -> None:
    audit = audit_of({Outcome.NOT_ATTEMPTED: 9}, Stopped.OUTAGE, verification=None)
    audit = replace(audit, timing=replace(audit.timing, released_from=None, released_to=None))
    names = {name for name, _ in read(as_text(finished(audit), ExitCode.INCOMPLETE, NOW))}
    assert names == {"decom_run_exit_code", "decom_run_ended_timestamp_seconds", "decom_run_rows"}


def test_without_a_report_there_is_the_exit_code_and_its_time() -> None:
    assert read(as_text(None, ExitCode.LOCKED, NOW)) == {
        ("decom_run_exit_code", ""): 75,
        ("decom_run_ended_timestamp_seconds", ""): NOW.timestamp(),
    }


def test_a_set_up_for_many_processes_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert read(as_text(ENDING, ExitCode.HELD_BACK, NOW))["decom_run_rows", "released"] == 117
    assert list(tmp_path.iterdir()) == []


def test_the_exporter_may_read_the_file_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_metrics(tmp_path / "decom.prom", ENDING, ExitCode.HELD_BACK, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "decom.prom").stat().st_mode) == 0o644


def test_the_file_of_the_last_run_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "decom.prom"
    write_metrics(path, ENDING, ExitCode.HELD_BACK, NOW)
    with path.open("rb") as held:
        write_metrics(path, None, ExitCode.LOCKED, NOW)
        assert read(held.read())["decom_run_exit_code", ""] == 3
    assert read(path.read_bytes())["decom_run_exit_code", ""] == 75
    assert list(tmp_path.iterdir()) == [path]


def make_missing(path: Path) -> None:
    path.parent.rmdir()


def make_a_folder(path: Path) -> None:
    (path / "in the way").mkdir(parents=True)


@pytest.mark.parametrize("spoil", [make_missing, make_a_folder])
def test_where_it_cannot_be_written_that_is_an_error_and_nothing_is_left(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "textfiles" / "decom.prom"
    path.parent.mkdir()
    spoil(path)
    with pytest.raises(OSError, match=r"decom\.prom"):
        write_metrics(path, ENDING, ExitCode.HELD_BACK, NOW)
    assert list(tmp_path.rglob("*.part")) == []
