"""Which columns say that some rows of a list are not to be released."""

import pytest

from decom.planning.instructions import compared, says_release, tells_what_to_do


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("operation", ["Delete", "Update"]),
        ("OPERATION", ["delete", ""]),
        ("Action", ["Update", "Update"]),
        ("action", ["call the customer"]),
        ("delete?", ["yes", "no"]),
        ("Delete (Y/N)", ["Y", "N"]),
        ("to release", ["x", ""]),
        ("To be released?", ["1", "0"]),
        ("Release", ["yes", "later"]),
        ("please_cancel", ["true", "false"]),
        ("marked for deletion", ["TRUE", "FALSE"]),
        ("keep", ["yes", "no"]),
        ("Keep?", ["", "x"]),
        ("input.decision", ["release", "conflicted"]),
        ("status", ["to be released", "keep"]),
        ("Status", ["Do not release", ""]),
        ("remark", ["delete", "keep", ""]),
        ("what", ["cancel", "update"]),
        ("note", ["keep", "keep"]),
    ],
)
def test_a_column_that_says_that_not_every_row_is_meant_is_a_question(column, cells):
    assert tells_what_to_do(column, cells)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("operation", ["Delete", "delete ", "DELETE"]),
        ("operation", ["", " "]),
        ("delete?", ["yes", "x", "1", "TRUE"]),
        ("keep", ["no", "No"]),
        ("status", ["active", "inactive"]),
        ("status", ["delete", "delete"]),
        ("change", ["insert", "update"]),
        ("owner", ["Anna", "Bob"]),
        ("note", ["delete when the contract ends", "keep"]),
        ("note", ["", ""]),
        ("deleted", ["false", "false"]),
        ("release date", ["2026-11-23", ""]),
        ("releases", ["1", "2"]),
        ("cancelled at", ["2026-11-23", ""]),
        ("cost centre", ["CC1", "CC2"]),
    ],
)
def test_every_other_column_is_none(column, cells):
    assert not tells_what_to_do(column, cells)


def test_texts_are_compared_without_what_nobody_means_by_them():
    assert compared(" To_Be  Released ") == "to be released"
    assert compared("'Delete") == "delete"
    assert says_release("Delete!") and says_release("TO RELEASE") and not says_release("keep")
