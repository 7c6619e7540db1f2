"""One mistake must not hide in both the client and its look-alike: the sandbox knows nothing of decom."""

import ast
from pathlib import Path

import pytest

import decom.sandbox.server

FILES = sorted(Path(decom.sandbox.server.__file__).parent.glob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_sandbox_imports_nothing_of_the_client(path):
    ours = [name for name in imported(path) if name.split(".")[0] == "decom"]
    assert [name for name in ours if not name.startswith("decom.sandbox.")] == []
    assert "importlib" not in set(imported(path))
