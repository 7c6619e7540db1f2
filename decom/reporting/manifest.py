"""A run's folder in, `manifest.json` out, and back: which of the folder's files are still what they were.

The manifest holds name, size and SHA-256 of every file of the run, what is known of the input, and the head of
the ledger's chain. Whoever keeps the digest that `write_manifest` returns can tell a changed manifest too.
"""

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from decom.files import atomic_write

MANIFEST = "manifest.json"

RUN_FILES = (
    "plan.json", "plan.csv", "audit.csv", "audit.xlsx", "audit.json", "audit.html", "conflicts.csv", "retry.csv",
)  # fmt: skip
"""The names that mean something in a run's folder; any other file there is not ours and is let be."""

_ONLY_THE_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class InputFacts:
    """The file that the run was asked to work on; it lies outside the run's folder and is not looked at again."""

    name: str
    """Without its folder; `-` for standard input."""
    sha256: str
    """Of its bytes when it was read, in hex."""
    size: int | None = None
    """In bytes; None where nobody wrote it down."""


class FileFacts(BaseModel):
    """What one file was when the manifest was written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """Within the folder: never a path."""
    size: int
    """In bytes."""
    sha256: str
    """In hex."""


class Manifest(BaseModel):
    """The whole of `manifest.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run_id: str
    ledger_head: str
    """As `Audit.ledger_head`, when the files were written."""
    input: InputFacts
    files: list[FileFacts]
    """Sorted by name."""


def write_manifest(folder: Path, *, run_id: str, ledger_head: str, input_file: InputFacts) -> str:
    """Write `manifest.json` over the files of the run that are in `folder` now; returns its own SHA-256 in hex.

    The same files and facts give the same bytes. Raises OSError where a file cannot be read or written.
    """
    files = [_facts_of(folder, name) for name in sorted(RUN_FILES) if (folder / name).is_file()]
    manifest = Manifest(run_id=run_id, ledger_head=ledger_head, input=input_file, files=files)
    content = (json.dumps(manifest.model_dump(), indent=2) + "\n").encode("ascii")
    with atomic_write(folder / MANIFEST) as stream:
        stream.write(content)
    return hashlib.sha256(content).hexdigest()


def check_manifest(folder: Path, *, digest: str | None = None) -> tuple[str, ...]:
    """One sentence for each file of the run that is changed, missing, new or no plain file; empty if none is.

    `digest` is what `write_manifest` returned, None where nobody kept it: then a manifest that was changed
    together with a file cannot be told from a true one.
    """
    try:
        with _opened(folder / MANIFEST) as stream:
            content = stream.read()
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        return (f"{MANIFEST} cannot be read: {error.strerror}",)
    except ValidationError:
        return (f"{MANIFEST} is not a manifest any more: it was changed or cut off",)
    found = []
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        found.append(f"{MANIFEST} was changed: it is not the one that the run wrote")
    listed = {facts.name for facts in manifest.files}
    found += [sentence for facts in manifest.files if (sentence := _difference(folder, facts)) is not None]
    found += [
        f"{name} is new: the run did not write it"
        for name in RUN_FILES
        if name not in listed and os.path.lexists(folder / name)
    ]
    return tuple(found)


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises OSError or ValueError where there is none that can be read."""
    with _opened(folder / MANIFEST) as stream:
        return Manifest.model_validate_json(stream.read())


def _difference(folder: Path, then: FileFacts) -> str | None:
    try:
        now = _facts_of(folder, then.name)
    except FileNotFoundError:
        return f"{then.name} is missing"
    except OSError as error:
        return f"{then.name} cannot be read as a plain file: {error.strerror}"
    if now.size != then.size:
        return f"{then.name} was changed: it has {now.size:,} bytes and had {then.size:,}"
    if now.sha256 != then.sha256:
        return f"{then.name} was changed: its size is the same, its SHA-256 is not"
    return None


def _facts_of(folder: Path, name: str) -> FileFacts:
    with _opened(folder / name) as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileFacts(name=name, size=stream.tell(), sha256=digest)


def _opened(path: Path) -> io.FileIO:
    """The file itself, never what a link points at; does not wait where it is a pipe."""
    return io.FileIO(path, opener=lambda name, _: os.open(name, _ONLY_THE_FILE))
