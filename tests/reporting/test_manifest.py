"""The manifest names every file of a run that is not what it was."""

import json
import os

import pytest

from decom.reporting.manifest import InputFacts, check_manifest, read_manifest, write_manifest

INPUT = InputFacts(name="numbers.csv", sha256="ab" * 32, size=120)


@pytest.fixture
def folder(tmp_path):
    for name in ("plan.json", "plan.csv", "audit.csv", "audit.json"):
        (tmp_path / name).write_bytes(f"this is {name}\n".encode() * 50)
    return tmp_path


def manifest_of(folder):
    return write_manifest(folder, run_id="20261123T185757Z-1a2b3c", ledger_head="cd" * 32, input_file=INPUT)


def test_an_untouched_folder_is_as_it_was(folder):
    digest = manifest_of(folder)
    assert check_manifest(folder) == ()
    assert check_manifest(folder, digest=digest) == ()


def test_the_manifest_says_what_there_is(folder):
    manifest_of(folder)
    manifest = read_manifest(folder)
    assert [facts.name for facts in manifest.files] == ["audit.csv", "audit.json", "plan.csv", "plan.json"]
    assert manifest.input == INPUT
    assert manifest.ledger_head == "cd" * 32
    assert (folder / "manifest.json").stat().st_mode & 0o777 == 0o600


def test_the_same_files_give_the_same_manifest(folder):
    first = manifest_of(folder), (folder / "manifest.json").read_bytes()
    assert (manifest_of(folder), (folder / "manifest.json").read_bytes()) == first


@pytest.mark.parametrize("name", ["plan.json", "plan.csv", "audit.csv", "audit.json"])
def test_one_changed_byte_is_named_wherever_it_is(folder, name):
    manifest_of(folder)
    content = bytearray((folder / name).read_bytes())
    for at in (0, len(content) // 2, len(content) - 1):
        changed = content.copy()
        changed[at] ^= 1
        (folder / name).write_bytes(changed)
        (sentence,) = check_manifest(folder)
        assert sentence == f"{name} was changed: its size is the same, its SHA-256 is not"


def test_a_longer_a_missing_and_a_new_file_are_named(folder):
    manifest_of(folder)
    with (folder / "plan.csv").open("ab") as stream:
        stream.write(b"x")
    (folder / "audit.csv").unlink()
    (folder / "retry.csv").write_bytes(b"planted")
    assert check_manifest(folder) == (
        "audit.csv is missing",
        "plan.csv was changed: it has 851 bytes and had 850",
        "retry.csv is new: the run did not write it",
    )


def test_a_file_of_someone_else_is_let_be(folder):
    manifest_of(folder)
    (folder / ".~lock.audit.xlsx#").write_bytes(b"")
    (folder / "notes.txt").write_bytes(b"for Monday")
    assert check_manifest(folder) == ()


def test_a_link_with_the_right_content_is_no_file_of_ours(folder):
    manifest_of(folder)
    (folder / "audit.csv").rename(folder / "elsewhere")
    (folder / "audit.csv").symlink_to(folder / "elsewhere")
    (sentence,) = check_manifest(folder)
    assert sentence.startswith("audit.csv cannot be read as a plain file")


def test_a_pipe_and_a_folder_are_named_without_waiting(folder):
    manifest_of(folder)
    (folder / "audit.csv").unlink()
    os.mkfifo(folder / "audit.csv")
    (folder / "plan.csv").unlink()
    (folder / "plan.csv").mkdir()
    first, second = check_manifest(folder)
    assert first.startswith("audit.csv cannot be read as a plain file")
    assert second.startswith("plan.csv cannot be read as a plain file")


def test_a_missing_manifest_is_named(folder):
    assert check_manifest(folder) == ("manifest.json cannot be read: No such file or directory",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"run_id": 1}',
        b"[" * 100_000,
        json.dumps(
            {
                "run_id": "r",
                "ledger_head": "",
                "input": {"name": "", "sha256": "", "size": 1},
                "files": [{"name": "../../etc/passwd", "size": 1, "sha256": ""}],
            }
        ).encode(),
    ],
)
def test_a_manifest_that_is_none_is_named(folder, content):
    (folder / "manifest.json").write_bytes(content)
    assert check_manifest(folder) == ("manifest.json is not a manifest any more: it was changed or cut off",)


def test_a_manifest_changed_together_with_its_file_is_told_by_its_digest(folder):
    digest = manifest_of(folder)
    (folder / "audit.csv").write_bytes(b"rewritten")
    manifest_of(folder)
    assert check_manifest(folder) == ()
    assert check_manifest(folder, digest=digest) == ("manifest.json was changed: it is not the one that the run wrote",)


def test_an_input_of_unknown_size_has_none(folder):
    facts = InputFacts(name="-", sha256="00")
    write_manifest(folder, run_id="r", ledger_head="", input_file=facts)
    assert read_manifest(folder).input == facts
