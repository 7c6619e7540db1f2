"""The kinds of file that can be read, in the order in which they are asked whether a file is theirs."""

from decom.intake.delimited import Delimited
from decom.intake.interface import FileReader
from decom.intake.workbook import Workbook

READERS: tuple[FileReader, ...] = (Workbook(), Delimited())
