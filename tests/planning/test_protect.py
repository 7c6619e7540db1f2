"""The file of numbers that must never be released: read whole, or the run does not begin."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.planning.protect import read_protected


def read(folder: Path, content: str | bytes) -> frozenset[str]:
    path = folder / "protect.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_protected(path)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("phn_1\n", {"phn_1"}),
        ("+14155550100", {"+14155550100"}),
        ("phn_1\r\n+14155550100\r\n", {"phn_1", "+14155550100"}),
        ("\ufeffphn_1\n", {"phn_1"}),
        ("# the front desk\nphn_1  # ours\n\n   \n", {"phn_1"}),
        ("  phn_1\t\n", {"phn_1"}),
        ("+1 (415) 555-01.00", {"+14155550100"}),
        ("phn_a-b\n", {"phn_a-b"}),
        ("phn_1\nphn_1\n", {"phn_1"}),
        ("phn_" + "x" * 124, {"phn_" + "x" * 124}),
        ("+1234567", {"+1234567"}),
        ("+123456789012345", {"+123456789012345"}),
    ],
)
def test_one_name_a_line(tmp_path: Path, content, names):
    assert read(tmp_path, content) == names


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("14155550100", 1),
        ("phn_1\n4155550100\n", 2),
        ("phn_1\n\n# x\nphn_2, phn_3\n", 4),
        ("phn_\n", 1),
        ("PHN_1\n", 1),
        ("phn_1/../phn_2\n", 1),
        ("phn_" + "x" * 125, 1),
        ("+04155550100\n", 1),
        ("+123456\n", 1),
        ("+1234567890123456\n", 1),
        ("cmp_1\n", 1),
        ("number id\nphn_1\n", 1),
        ("\u0440hn_1\n", 1),
        ("+\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\n", 1),
        ("*\n", 1),
    ],
)
def test_a_line_that_is_neither_is_refused_with_its_place(tmp_path: Path, content, line):
    with pytest.raises(BadInput) as refused:
        read(tmp_path, content)
    assert refused.value.where == f"{tmp_path / 'protect.txt'}, line {line}"
    assert refused.value.what.endswith("is neither an ID nor a number like +14155550100")
    assert "--protect" in (refused.value.remedy or "")


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "\ufeff", "   "])
def test_a_file_that_protects_nothing_is_refused(tmp_path: Path, content):
    with pytest.raises(BadInput, match="the protect file protects nothing"):
        read(tmp_path, content)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"phn_1\n\xff", "phn_1".encode("utf-16")])
def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path, content):
    with pytest.raises(BadInput, match="the protect file cannot be read"):
        read(tmp_path, content)


@pytest.mark.parametrize("place", ["missing.txt", ".", "missing/protect.txt", "x" * 300])
def test_a_file_that_cannot_be_read_is_refused_and_named(tmp_path: Path, place):
    with pytest.raises(BadInput) as refused:
        read_protected(tmp_path / place)
    assert refused.value.exit_code == 2 and refused.value.where == str(tmp_path / place)


def test_a_long_line_is_not_shown_whole(tmp_path: Path):
    with pytest.raises(BadInput) as refused:
        read(tmp_path, "x" * 5_000)
    assert len(refused.value.what) < 200


@given(content=st.text() | st.text(st.sampled_from("phn_1+234567890 .-()#\r\n\t\x0b\x85\u2028"), max_size=60))
def test_any_text_protects_something_or_is_refused(tmp_path_factory: pytest.TempPathFactory, content):
    folder = tmp_path_factory.mktemp("protect")
    try:
        names = read(folder, content)
    except BadInput:
        return
    assert len(names) > 0
    assert all(name.startswith(("phn_", "+")) and name.isascii() for name in names)
