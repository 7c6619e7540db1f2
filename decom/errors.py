"""Every error that a person can cause or must act on. In: what, where, what to do. Out: text and an exit code.

DecomError                    the root; each leaf knows its exit code
├── BadInput             2    the file of numbers cannot be read, or nothing in it can be told apart
├── BadSettings          2    a flag, variable, job file or folder cannot be used
├── Refused              5    a guard said no; nothing was released
├── KeyRefused           6    the service does not accept the key
├── Unreachable          4    the service could not be asked what must be known before anything is sent
├── NotWritten           1    a report could not be written; the ledger is intact
├── Interrupted        143    a signal ended a command that was not releasing (129, 130 as the signal was)
├── Locked              75    another run of this home works on this workspace
└── LedgerTrouble        2    the ledger cannot be opened, is damaged, or is newer than this program
    └── NotDurable       4    a record could not be made durable (disk full, I/O error)
"""

from decom.vocabulary import ExitCode


class DecomError(Exception):
    """Something that a person can act on; printed without a traceback."""

    exit_code = ExitCode.BUG

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        """`what` is wrong, in a sentence; `where` (file, row, column, setting), None where there is no place;
        `remedy` is what to type or do next, None only where nothing can be done."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where is not None else ""
        way_out = f"\n{self.remedy}" if self.remedy is not None else ""
        return f"{place}{self.what}{way_out}"


class BadInput(DecomError):
    """The file of numbers cannot be used as a whole; nothing was sent."""

    exit_code = ExitCode.BAD_INPUT


class BadSettings(DecomError):
    """A flag, an environment variable, a job file or a folder cannot be used; nothing was sent."""

    exit_code = ExitCode.BAD_INPUT


class Refused(DecomError):
    """A guard said no: too many, too large a share, a stale, changed or used plan, no confirmation."""

    exit_code = ExitCode.GUARD


class KeyRefused(DecomError):
    """The service answered 401, or 403 throughout."""

    exit_code = ExitCode.KEY_REFUSED


class Unreachable(DecomError):
    """The service did not give the answer that is needed before anything may be sent."""

    exit_code = ExitCode.INCOMPLETE


class Locked(DecomError):
    """Another run of this home holds the workspace's lock."""

    exit_code = ExitCode.LOCKED


class Interrupted(DecomError):
    """A signal ended a command outside a release; which signal it was is in its words."""

    exit_code = ExitCode.SIGTERM


class LedgerTrouble(DecomError):
    """The ledger cannot be opened, is damaged, or was written by a newer program."""

    exit_code = ExitCode.BAD_INPUT


class NotWritten(DecomError):
    """A report could not be written; the ledger has all facts, so that it can be written later."""

    exit_code = ExitCode.BUG


class NotDurable(LedgerTrouble):
    """A record could not be made durable; nothing that depends on it may be sent."""

    exit_code = ExitCode.INCOMPLETE
