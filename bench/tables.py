"""Figures in, tables out that can be read on a terminal and are Markdown at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One subject of the bench."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: Sequence[str] = ()
    """What one must know to read it, a paragraph each."""

    def __str__(self) -> str:
        columns = list(zip(self.header, *self.rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        words = [any(cell[:1].isalpha() for cell in column[1:]) for column in columns]
        rule = ["-" * width if word else "-" * (width - 1) + ":" for width, word in zip(widths, words, strict=True)]
        lines = [f"## {self.title}", ""]
        for row in (self.header, tuple(rule), *self.rows):
            padded = zip(row, widths, words, strict=True)
            cells = [cell.ljust(width) if word else cell.rjust(width) for cell, width, word in padded]
            lines.append(f"| {' | '.join(cells)} |")
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines) + "\n"


def verdict(*, reached: bool) -> str:
    """The word for a figure and its target."""
    return "reached" if reached else "NOT reached"
