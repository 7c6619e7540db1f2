"""An Office Open XML workbook's parts in, `Marks` for a sheet out: one pass over its XML, level in memory."""

import posixpath
import zipfile
from collections.abc import Collection
from datetime import timedelta
from xml.parsers.expat import XMLParserType

from decom.intake.interface import BadCell
from decom.intake.workbooks.archive import parse_part
from decom.intake.workbooks.marks import FORMULA, UNCALCULATED, Marks, error_cell

_DIGITS = "0123456789"


def workbook_part(archive: zipfile.ZipFile) -> str | None:
    """The name of the part that names the sheets; None where the archive is no such workbook."""
    if _relations_of("") not in archive.namelist():
        return None
    targets = targets_of(archive, "")
    part = next((target for kind, target in targets.values() if kind.endswith("/officeDocument")), None)
    return part if part is not None and part.endswith(".xml") and not part.startswith(("word/", "ppt/")) else None


def sheet_parts(archive: zipfile.ZipFile, workbook: str) -> dict[str, str]:
    """The name of each sheet, in the workbook's order, and of the part that holds it."""
    relations: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(" id")), "")
            relations[attributes.get("name", "")] = relation

    def prepare(parser: XMLParserType) -> None:
        parser.StartElementHandler = sheet

    parse_part(archive, workbook, prepare)
    targets = targets_of(archive, workbook)
    return {name: targets.get(relation, ("", ""))[1] for name, relation in relations.items()}


def targets_of(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: ID → kind and name of the part meant."""
    found: dict[str, tuple[str, str]] = {}
    folder = posixpath.join("/", posixpath.dirname(part))

    def target(name: str, attributes: dict[str, str]) -> None:
        if local(name) == "Relationship":
            meant = posixpath.normpath(posixpath.join(folder, attributes.get("Target", ""))).lstrip("/")
            found[attributes.get("Id", "")] = (attributes.get("Type", ""), meant)

    def prepare(parser: XMLParserType) -> None:
        parser.StartElementHandler = target

    parse_part(archive, _relations_of(part), prepare)
    return found


def _relations_of(part: str) -> str:
    """The name of the part that lists what `part` refers to; of the whole archive for the empty name."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def marks_of(archive: zipfile.ZipFile, part: str, durations: Collection[str]) -> Marks:
    """The marks of the sheet in `part`; `durations` are the styles whose numbers are lengths of time. Raises BadInput
    where it is missing, damaged or too large."""
    reader = _SheetReader(durations)
    parse_part(archive, part, reader.prepare)
    reader.marks.check_size()
    return reader.marks


def local(name: str) -> str:
    """An element's name without its namespace."""
    return name.rpartition(" ")[2]


class _SheetReader:
    """Handlers for a sheet's XML.

    Millions of elements are started and few of them matter, so text and ends are listened to only inside a cell
    with an error or a formula: that halves the time.
    """

    def __init__(self, durations: Collection[str]) -> None:
        self.marks = Marks()
        self._durations = durations
        self._parser: XMLParserType | None = None
        self._names: dict[str, str] = {}
        self._letters: dict[str, int] = {}
        self._row = self._column = -1
        self._kind: str | None = None
        self._has_formula = self._is_duration = False
        self._value: list[str] | None = None

    def prepare(self, parser: XMLParserType) -> None:
        self._parser = parser
        parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = self._names.get(name)
        if element is None:
            element = self._names[name] = local(name)
        if element == "c":
            self._start_cell(attributes)
        elif element == "row":
            self._start_row(attributes)
        elif element == "f":
            self._has_formula = True
            self._listen(wanted=True)
        elif element == "v" and (self._has_formula or self._is_duration or self._kind == "e"):
            self._value = []

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        self._row = self._row + 1 if number is None else int(number) - 1
        self._column = -1
        height = attributes.get("ht")
        if attributes.get("hidden") in ("1", "true") or (height is not None and float(height) == 0):
            self.marks.hidden.add(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            letters = reference.rstrip(_DIGITS)
            column = self._letters.get(letters)
            if column is None:
                column = self._letters[letters] = column_of(letters)
            self._column = column
        self.marks.reach(self._row, self._column)
        self._kind = attributes.get("t")
        self._has_formula = False
        self._is_duration = attributes.get("s") in self._durations and self._kind in (None, "n")
        self._value = None
        if self._kind == "e" or self._is_duration:
            self._listen(wanted=True)

    def _end(self, name: str) -> None:
        if self._names.get(name) == "c":
            self._put()
            self._listen(wanted=False)

    def _characters(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _listen(self, *, wanted: bool) -> None:
        if self._parser is not None:
            self._parser.EndElementHandler = self._end if wanted else None
            self._parser.CharacterDataHandler = self._characters if wanted else None

    def _put(self) -> None:
        """Mark the cell that just ended. A formula whose result is empty text has a kind and no value: blank."""
        text = "".join(self._value or ())
        if self._kind == "e":
            self.marks.put(self._row, self._column, error_cell(text))
        elif self._is_duration and text != "":
            self._put_duration(text)
        elif self._is_duration and not self._has_formula:
            return
        elif text == "" and self._kind != "str":
            self.marks.put(self._row, self._column, UNCALCULATED)
        elif text != "":
            self.marks.put(self._row, self._column, FORMULA)

    def _put_duration(self, days: str) -> None:
        try:
            shown = str(timedelta(days=float(days)))
        except OverflowError:
            self.marks.has_overlong = True
            shown = f"{days} days"
        self.marks.put(self._row, self._column, BadCell("this cell is a duration", shown))


def column_of(letters: str) -> int:
    """A column's number, from 0, by its letters. Raises ValueError where they are none."""
    column = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise ValueError(f"a cell has no place: {letters!r}")
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
