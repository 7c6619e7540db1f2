"""How much the process that reads a workbook may take, and what is said when that is not enough."""

from decom.errors import BadInput

MOST_MEMORY = 1536 * 1024 * 1024
"""Bytes of address space; a million rows of six columns take 760 MB, and each column more about 110 MB."""

MOST_SECONDS = 180
"""Seconds of processor time; a million rows of six columns take about 15."""


def too_much_memory() -> BadInput:
    """The refusal of a workbook that needs more memory than it may use."""
    return BadInput(
        f"the workbook needs more memory than it may use ({MOST_MEMORY // 1_000_000:,} MB)",
        remedy="Is there a stray cell far down or far right? Delete it, or save the table as CSV UTF-8.",
    )


def too_much_time() -> BadInput:
    """The refusal of a workbook that takes longer than it is given."""
    return BadInput(
        f"the workbook takes longer to read than it may ({MOST_SECONDS} s of processor time)",
        remedy="Save the table as CSV UTF-8 and name that file.",
    )
