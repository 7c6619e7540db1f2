"""The file of numbers that must never be released: read whole, or the run does not begin."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake.cells import read_cell
from decom.phone_numbers.numbering import possible
from decom.planning.protect import read_protected, rules_in_words
from tests.planning.plans import number


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
        ("+44 (0)20 7946 0958", {"+442079460958"}),
        ("tel:+44-20-7946-0958", {"+442079460958"}),
        ("+49 30/901820 # the lift", {"+4930901820"}),
        ("'+14155550100", {"+14155550100"}),
        ('"phn_1"', {"phn_1"}),
    ],
)
def test_one_name_a_line(tmp_path: Path, content, names):
    assert read(tmp_path, content) == names


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("phn_1\n04155550100\n", 2),
        ("+4930123456/7", 1),
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
    assert "is neither an ID nor a number like +14155550100: " in refused.value.what
    assert "--protect" in (refused.value.remedy or "")


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("14155550100", "'14155550100' does not certainly mean +14155550100, and a rule must be unambiguous"),
        ("0014155550100", "'0014155550100' does not certainly mean +14155550100, and a rule must be unambiguous"),
        ("+4402079460958", "'+4402079460958' does not certainly mean +442079460958, and a rule must be unambiguous"),
        ("+49 7736 9219-0", "'+49 7736 9219-0' does not certainly mean +49773692190, and a rule must be unambiguous"),
        ("+1234567", "'+1234567' would protect nothing: +1234567 is not a possible phone number"),
        (
            "+123456789012345",
            "'+123456789012345' would protect nothing: +123456789012345 is not a possible phone number",
        ),
        ("+1 415 555 01", "'+1 415 555 01' would protect nothing: +141555501 is not a possible phone number"),
    ],
)
def test_a_rule_that_may_mean_nothing_or_something_else_is_refused_with_its_place(tmp_path: Path, rule, what):
    with pytest.raises(BadInput) as refused:
        read(tmp_path, f"phn_1\n{rule}\n")
    assert (refused.value.what, refused.value.where) == (what, f"{tmp_path / 'protect.txt'}, line 2")
    assert refused.value.exit_code == 2


def test_a_region_says_how_rules_without_a_country_code_are_read(tmp_path: Path):
    path = tmp_path / "protect.txt"
    path.write_text("09876543210\n")
    assert read_protected(path, "IN") == {"+919876543210"}


def test_the_plan_says_which_rules_match_nothing_and_never_too_many():
    numbers = {each.id: each for each in (number("phn_1", "+14155550101"), number("phn_2", None))}
    in_force = frozenset({"phn_1", "+14155550101", "phn_2"})
    assert rules_in_words(in_force, numbers, 2, "never.txt") == "3 rules in never.txt"
    words = rules_in_words(in_force | {"phn_9"}, numbers, 2, "never.txt")
    assert words == "4 rules in never.txt; 1 matches nothing on the account: phn_9"
    words = rules_in_words(frozenset(f"phn_1{place}" for place in range(7)), numbers, 2, "never.txt")
    assert words == (
        "7 rules in never.txt; 7 match nothing on the account: phn_10, phn_11, phn_12, phn_13, phn_14 and 2 more"
    )


def test_where_only_some_numbers_were_looked_up_the_plan_does_not_say_what_the_others_match():
    words = rules_in_words(frozenset({"phn_9"}), {"phn_1": number("phn_1", "+14155550101")}, 4_000, "never.txt")
    assert words == (
        "1 rule in never.txt; whether each matches a number was not checked, since only the list's IDs were looked up"
    )


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


@given(
    text=st.from_regex(r"\A(\+|00|0|tel:|'|phn_|)[0-9 ()./-]{0,20}(/7|-0| )?\Z"),
    region=st.sampled_from([None, "IN", "DE"]),
)
@example(text="+44 (0)20 7946 0958", region=None)
@example(text="09876543210", region="IN")
def test_a_rule_and_a_cell_of_the_list_are_read_alike(tmp_path_factory: pytest.TempPathFactory, text, region):
    path = tmp_path_factory.mktemp("protect") / "protect.txt"
    path.write_text(text)
    cell = read_cell(text, region)
    certain = () if cell.number is None or not cell.number.certain else cell.number.numbers[:1]
    try:
        (rule,) = read_protected(path, region)
    except BadInput:
        assert cell.number_id is None and not any(map(possible, certain))
    else:
        assert rule in (cell.number_id, *certain)


@given(content=st.text() | st.text(st.sampled_from("phn_1+234567890 .-()#\r\n\t\x0b\x85\u2028"), max_size=60))
def test_any_text_protects_something_or_is_refused(tmp_path_factory: pytest.TempPathFactory, content):
    folder = tmp_path_factory.mktemp("protect")
    try:
        names = read(folder, content)
    except BadInput:
        return
    assert len(names) > 0
    assert all(name.startswith(("phn_", "+")) and name.isascii() for name in names)
