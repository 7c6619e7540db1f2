"""The README's words are the program's: settings, outcomes, evidence, exit codes, commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from decom.reporting.interface import ReportFormat
from decom.reporting.kinds import FORMATS
from decom.settings.catalogue import SETTINGS
from decom.settings.setting import Setting
from decom.vocabulary import Decision, Evidence, ExitCode, Outcome

README = (Path(__file__).parents[2] / "README.md").read_text()


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found is not None, title
    return found[1]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of a table, without its heading."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [row.split("|")[1].strip() for row in rows if not set(row) <= set("|- ")][1:]


def test_the_readme_lists_every_outcome_with_the_programs_words() -> None:
    assert {cell.strip("`") for cell in first_cells(section("Decisions and outcomes"))} == set(Outcome)


def test_the_readme_lists_every_evidence() -> None:
    text = section("Decisions and outcomes")
    assert [word for word in Evidence if f"`{word}" not in text] == []


def test_the_readme_lists_every_decision_in_the_order_of_the_planner() -> None:
    text = section("Decisions and outcomes").split(":", 1)[1].split(".")[0]
    assert re.findall(r"`(\w+)`", text) == list(Decision)


def test_the_readme_lists_every_exit_code() -> None:
    listed = {int(code) for cell in first_cells(section("Exit codes")) for code in cell.split(", ")}
    assert listed == {int(code) for code in ExitCode}


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_readme_names_every_file_of_a_report(form: ReportFormat) -> None:
    assert f"`{form.file_name}`" in section("A run's folder")


def test_the_readmes_table_of_commands_says_what_help_says() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "decom", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = dict(re.findall(r"^  (\w+) {2,}(\S.*)$", helped.split("Commands:")[1], re.M))
    rows = re.findall(r"^\| `decom (\w+).*?\| (.*?) \|", section("Commands"), re.M)
    assert dict(rows) == commands


def test_every_file_that_contributing_names_is_there() -> None:
    root = Path(__file__).parents[2]
    named = re.findall(r"`((?:tests|tests_browser)/[\w/.]+)`", (root / "CONTRIBUTING.md").read_text())
    assert len(named) > 15
    assert [name for name in named if not (root / name).exists()] == []


def in_the_readme(setting: Setting) -> str:
    """A setting's row of the README's table, made of its entry in the catalogue."""
    words = f"{setting.help} {setting.more}".rstrip()
    typed = ["`INPUT`"] if setting.name == "input" else []
    typed += [f"`{setting.on_the_command_line}`"] if setting.flag is not None else []
    typed += [f"`{setting.env}`"] if setting.env is not None else []
    in_a_job = f"`{setting.in_a_job_file}`" if setting.job is not None else ""
    default = setting.unset if setting.default is None else f"`{setting.default}`"
    cells = (words, ", ".join(typed), in_a_job, default)
    return "| {} |".format(" | ".join(cell.replace("|", "\\|") for cell in cells))


def test_the_readmes_table_of_settings_is_the_catalogue() -> None:
    rows = [line for line in section("Settings").splitlines() if line.startswith("| ")]
    assert rows[2:] == [in_the_readme(setting) for setting in SETTINGS]
