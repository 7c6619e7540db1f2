"""Every error that a person can cause or must act on. In: what, where, what to do. Out: text and an exit code.

DecomError                    the root; each leaf knows its exit code
├── BadInput             2    the file of numbers cannot be read, or nothing in it can be told apart
├── BadSettings          2    a flag, variable, job file or folder cannot be used
├── Refused              5    a guard said no; nothing was released
├── KeyRefused           6    the service does not accept the key
├── Unreachable          4    the service could not be asked what must be known before anything is sent
├── NotWritten           4    a report could not be written where it belongs
├── Altered              4    a run's records are not those that were written, or not those of its report
├── Unfinished           4    something went wrong when releases had been sent; or the code of the signal before it
├── Interrupted        143    a signal ended a command that was not releasing (129, 130 as the signal was)
├── Locked              75    another run of this home works on this workspace
└── LedgerTrouble        2    the ledger cannot be opened, is damaged, busy, or newer than this program
    └── NotDurable       4    a record could not be made durable (busy for too long)
        ├── DiskFull     4    the disk takes no plan, record or folder any more (full, quota, I/O error)
        └── HomeLost     4    the home's files were removed, moved or replaced while a run worked
"""

from decom.vocabulary import ExitCode, Stopped


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
    """The ledger cannot be opened, is damaged, busy, or was written by a newer program; nothing was sent."""

    exit_code = ExitCode.BAD_INPUT


class NotWritten(DecomError):
    """A report could not be written where it belongs; the ledger has its facts, so that it can be written later."""

    exit_code = ExitCode.INCOMPLETE


class Altered(DecomError):
    """A run's records are not those that were written, or the ledger is older than the run's report."""

    exit_code = ExitCode.INCOMPLETE


class Unfinished(DecomError):
    """Something went wrong when this command had sent releases, so that no code may say that nothing was sent."""

    def __init__(self, what: str, exit_code: ExitCode, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.exit_code = exit_code


class NotDurable(LedgerTrouble):
    """A record could not be made durable; nothing that depends on it may be sent."""

    exit_code = ExitCode.INCOMPLETE
    why = Stopped.DISK
    """The word for a run that stops because of it."""


class DiskFull(NotDurable):
    """The disk has no room for what must be on it, or fails; also where nothing was sent, since no setting is wrong."""


class HomeLost(NotDurable):
    """Lock or ledger are not the files any more that this run opened: others may work there, or it has no memory."""

    why = Stopped.HOME
