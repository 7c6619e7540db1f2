"""The crontab: cron takes it, decom takes its line, and it is quiet and holds no key."""

import shlex

import pytest

from tests.jobs.reading import JOBS, VARIABLES, assert_a_run, read_crontab

TEXT = (JOBS / "crontab.example").read_text()
CRONTAB = read_crontab(TEXT)
CRONS_OWN = {"SHELL", "PATH", "MAILTO"}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def test_there_is_one_job_once_a_night() -> None:
    ((fields, _),) = CRONTAB.jobs
    assert fields[2:] == ["*", "*", "*"]
    for field, (least, most) in zip(fields[:2], BOUNDS, strict=False):
        assert least <= int(field) <= most


def test_its_command_is_one_that_decom_takes_and_that_is_quiet() -> None:
    ((_, command),) = CRONTAB.jobs
    program, *arguments = shlex.split(command)
    assert program == "decom"
    assert_a_run(arguments)
    assert "--quiet" in arguments


def test_its_variables_are_settings_or_crons_own_and_mean_what_they_say() -> None:
    assert set(CRONTAB.variables) <= VARIABLES | CRONS_OWN
    assert not any(character in value for value in CRONTAB.variables.values() for character in "\"'$~")
    assert CRONTAB.variables["MAILTO"] != ""


def test_the_key_is_named_and_not_there() -> None:
    assert "DIALNEXA_API_KEY_FILE" in CRONTAB.variables
    assert "DIALNEXA_API_KEY" not in CRONTAB.variables


@pytest.mark.parametrize("line", ["0 2 * * * echo 100%", "0 2 * * * date +%F"])
def test_a_command_that_cron_would_cut_is_seen(line: str) -> None:
    with pytest.raises(AssertionError):
        read_crontab(line)
