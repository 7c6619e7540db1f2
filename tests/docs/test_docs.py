"""What people type and read in the documents at night: commands, flags, messages, links and codes that exist."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from decom.cli import app
from decom.reporting.manifest import RUN_FILES
from decom.reporting.words import ENDINGS
from decom.settings.catalogue import SETTINGS
from decom.vocabulary import Evidence, ExitCode, Outcome, Stopped

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "docs" / "operations.md", ROOT / "docs" / "faq.md", ROOT / "jobs" / "README.md"]
LINKING = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCUMENTS]
OPERATIONS = DOCUMENTS[0].read_text()
HEADINGS = dict(re.findall(r"^### ([0-9, ]+): (.+)$", OPERATIONS, re.MULTILINE))
"""Of the runbook, by exit code (or codes, separated by commas)."""
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


def printed() -> list[str]:
    """Every text in the code, with a … in place of each value that is put into it."""
    found = []
    for path in (ROOT / "decom").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [piece.value if isinstance(piece, ast.Constant) else "…" for piece in pieces]
            found.append("".join(text for text in texts if isinstance(text, str)))
    return found


PRINTED = [text for text in printed() if text.strip(" …") != ""]
QUOTED = sorted({
    quote
    for path in DOCUMENTS
    for quote in re.findall(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])", path.read_text())
})  # fmt: skip
"""What the documents quote: messages stand in italics, and nothing else does."""


def pattern(text: str, between: str) -> re.Pattern[str]:
    """Of a text in which each … may be anything."""
    return re.compile(between.join(map(re.escape, text.split("…"))))


WHOLE = [pattern(text, ".+") for text in PRINTED if len(re.findall(r"[a-z]{2,}", text)) >= 3]
"""Texts with words enough to tell them from others, to be met with their values put in."""


def is_printed(quote: str) -> bool:
    """Whether the tool prints these words in one text: a part of it, or the whole with its values put in."""
    part = pattern(quote, ".*")
    return any(part.search(text) for text in PRINTED) or any(whole.fullmatch(quote) for whole in WHOLE)


@pytest.mark.parametrize("quote", QUOTED)
def test_every_message_that_the_documents_quote_is_one_that_the_tool_prints(quote: str) -> None:
    counted = re.fullmatch(r"Incomplete: [0-9]+ of [0-9]+ ([a-z ]+)", quote)
    assert is_printed(quote) if counted is None else counted[1].replace(" ", "_") in set(Outcome)


def test_a_message_that_the_tool_does_not_print_is_seen() -> None:
    assert len(QUOTED) > 30
    assert not is_printed("no header matches")
    assert not is_printed("the ledger … is … gone fishing")


@pytest.mark.parametrize("path", LINKING, ids=name_of)
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
    assert str(int(code)) in {number for codes in HEADINGS for number in codes.split(", ")}


def test_the_runbooks_headings_are_those_that_the_tool_shows() -> None:
    shown = {codes: heading for codes, heading in HEADINGS.items() if "," not in codes}
    assert shown == {
        str(int(code)): ENDINGS[code] for code in ENDINGS if not ENDINGS[code].startswith("Interrupted")
    } | {"3": "Done, N not released", "4": "Incomplete"}  # which the tool continues by its counts
    assert HEADINGS["129, 130, 143"] == "Interrupted"


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
