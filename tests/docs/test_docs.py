"""What people type from the documents at night: commands, flags, words, links and codes that exist."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from decom.cli import app
from decom.reporting.manifest import RUN_FILES
from decom.settings.catalogue import SETTINGS
from decom.vocabulary import Evidence, ExitCode, Outcome, Stopped

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / "operations.md", ROOT / "docs" / "faq.md", ROOT / "jobs" / "README.md"]
OPERATIONS = DOCUMENTS[0].read_text()
COMMANDS = {
    name: {option for parameter in command.params for option in parameter.opts}
    for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]  # a group, as Typer makes of several commands
}

TYPED = sorted(
    {
        (path.name, line.strip())
        for path in DOCUMENTS
        for piece in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", path.read_text(), re.DOTALL)
        for line in "".join(piece).splitlines()
        if re.match(r"\s*decom [a-z]", line)
    }
)


def anchors(path: Path) -> set[str]:
    """Where links into a document may lead, as GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE):
        bare = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(bare.replace(" ", "-"))
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(("document", "line"), TYPED)
def test_every_command_in_the_documents_is_one(document: str, line: str) -> None:
    words = line.partition("#")[0].split()
    assert words[1] in COMMANDS, document
    assert {word for word in words if word.startswith("--")} <= COMMANDS[words[1]], document


def test_the_documents_do_name_commands() -> None:
    assert len(TYPED) > 20


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file != "" else path
        assert there.exists(), target
        assert anchor == "" or anchor in anchors(there), target


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_part_for_whoever_is_called(code: ExitCode) -> None:
    headings = re.findall(r"^### ([0-9, ]+):", OPERATIONS, re.MULTILINE)
    assert str(int(code)) in {number for heading in headings for number in heading.split(", ")}


@pytest.mark.parametrize(
    "word",
    [
        why
        for why in Stopped
        if why not in (Stopped.SIGINT, Stopped.SIGTERM, Stopped.SIGHUP, Stopped.GUARD, Stopped.KEY, Stopped.BUG)
    ],
)
def test_every_reason_to_stop_that_is_not_an_exit_code_of_its_own_is_explained(word: Stopped) -> None:
    assert f"`{word}`" in OPERATIONS


@pytest.mark.parametrize("file", RUN_FILES)
def test_every_file_of_a_run_is_named(file: str) -> None:
    assert f"`{file}`" in OPERATIONS


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_setting_in_the_documents_is_one(path: Path) -> None:
    known = {setting.env for setting in SETTINGS}
    assert set(re.findall(r"\b(?:DECOM|DIALNEXA)_[A-Z_]+\b", path.read_text())) <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_extra_in_the_documents_is_one(path: Path) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra for found in re.findall(r"decom\[([a-z,]+)\]", path.read_text()) for extra in found.split(",")}
    assert named <= set(extras)


@pytest.mark.parametrize(
    "word", ["conflicted", "missing", "unknown", "failed", "not_attempted", "duplicate", "invalid", "not_selected"]
)
def test_the_words_of_the_documents_are_those_of_the_reports(word: str) -> None:
    assert word in set(Outcome)
    assert any(f"`{word}`" in path.read_text() for path in DOCUMENTS)


@pytest.mark.parametrize("word", [Evidence.EARLIER_RUN, Evidence.ANSWERED_404_AFTER_SEEN])
def test_the_evidence_that_finance_asks_about_is_explained(word: Evidence) -> None:
    assert word in DOCUMENTS[1].read_text()
