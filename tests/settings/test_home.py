"""The home and the working directory, where a machine has neither: exit 2 in words, with what to type."""

import pwd
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from decom.errors import BadSettings
from decom.settings.catalogue import SETTINGS
from decom.settings.home import home_of, working_folder
from decom.settings.load import load
from decom.settings.sources import read_sources
from decom.vocabulary import ExitCode
from tests.conftest import Command


def refusals(environ: Mapping[str, str], cwd: Path, flags: Mapping[str, object] | None = None) -> list[BadSettings]:
    """What is said by the short way (the home alone) and by the long (all settings)."""
    given = flags or {}
    ways: tuple[Callable[[], object], ...] = (
        lambda: home_of(read_sources(given, None, environ, cwd), environ),
        lambda: load(given, None, environ, cwd),
    )
    said = []
    for way in ways:
        with pytest.raises(BadSettings) as caught:
            way()
        said.append(caught.value)
    return said


@pytest.mark.parametrize("name", [each.env for each in SETTINGS if each.is_path and each.env is not None])
@pytest.mark.parametrize("user", ["~0", "~no-such-user/decom", "~a\0b"])
def test_a_path_of_a_user_whom_nobody_knows_is_refused_with_its_place(name: str, user: str, tmp_path: Path) -> None:
    for error in refusals({"HOME": str(tmp_path), name: user}, tmp_path):
        assert error.where == name and "does not exist" in error.what and "full path" in (error.remedy or "")


def test_a_path_of_an_unknown_user_is_refused_in_a_flag_and_in_a_job_file_too(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert {error.where for error in refusals(environ, tmp_path, {"home": "~0"})} == {"--home"}
    (tmp_path / "night.toml").write_text('[guards]\nprotect = "~0"\n')
    with pytest.raises(BadSettings, match=r"night\.toml: \[guards\] protect"):
        load({}, tmp_path / "night.toml", environ, tmp_path)


def test_a_user_without_an_entry_and_without_a_home_is_told_to_name_one(tmp_path: Path, monkeypatch) -> None:
    def unknown(uid: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    for environ in ({}, {"HOME": ""}):
        for error in refusals(environ, tmp_path):
            assert "HOME is not set" in error.what and "--home" in (error.remedy or "")
    for environ in ({"DECOM_HOME": str(tmp_path / "here")}, {"XDG_STATE_HOME": str(tmp_path)}):
        assert load({}, None, environ, tmp_path).home.is_relative_to(tmp_path)
    assert {error.where for error in refusals({"DECOM_HOME": "~/x"}, tmp_path)} == {"DECOM_HOME"}


def test_a_home_that_cannot_be_looked_into_is_refused_and_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")  # unreadable for everyone, root included
    for environ in (
        {"HOME": str(tmp_path / "round")},
        {"HOME": "/" + "x" * 5_000},
        {"XDG_STATE_HOME": "/" + "x" * 300},
    ):
        for error in refusals(environ, tmp_path):
            assert "cannot be read" in error.what and "--home" in (error.remedy or "")


def test_a_removed_working_directory_ends_every_command_in_words(decom: Command, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for arguments in (["runs"], ["plan", "numbers.csv"]):
        gone.mkdir()
        script = f"rmdir '{gone}' && exec \"$@\""
        ended = subprocess.run(
            ["sh", "-c", script, "sh", *decom.arguments(*arguments)],
            cwd=gone,
            env=decom.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == ExitCode.BAD_INPUT, ended.stderr
        assert "the working directory" in ended.stderr and "Traceback" not in ended.stderr


def test_the_working_directory_is_where_one_is(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert working_folder() == tmp_path
