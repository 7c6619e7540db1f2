"""What the simulation's tests may ask for: a folder in memory, because a night is mostly waiting for the disk."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


def folder_in_memory() -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone afterwards; on the disk where the machine shows no memory as a folder."""
    return tempfile.TemporaryDirectory(prefix="decom-", dir=MEMORY if MEMORY.is_dir() else None)


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """As `tmp_path`, and in memory."""
    with folder_in_memory() as folder:
        yield Path(folder)
