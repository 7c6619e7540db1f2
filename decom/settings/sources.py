"""Where settings are set: flags, environment, `.env`, job file in; what each of them says out, the strongest first.

Knows names and places, not what a value may be.
"""

import difflib
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream

from decom.errors import BadSettings
from decom.settings.catalogue import BY_NAME, SETTINGS

JOB_SUFFIX = ".toml"
MOST_BYTES = 1 << 20
"""Of a job file or a `.env`; more is some other file."""
_LIKE = 0.8
"""How like a word must be to one of ours to be taken for it, 0 to 1."""
_OURS = ("DECOM_", "DIALNEXA_")
_KEYS = ("DIALNEXA_API_KEY", "DIALNEXA_API_KEY_FILE")
"""What only a command that sends something complains about."""


_BY_ENV = {setting.env: setting for setting in SETTINGS if setting.env is not None}
_BY_JOB = {setting.job: setting for setting in SETTINGS if setting.job is not None}


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says."""

    kind: str
    """`flag`, `environment`, `.env`, `job file`."""
    values: Mapping[str, Any]
    """By setting; paths are already whole."""
    file: Path | None = None
    """The file it was read from; None for flags and environment."""

    def place(self, name: str) -> str:
        """Where it says so, for people: `--rate`, `DECOM_RATE`, `.env: DECOM_RATE`, `nightly.toml: [rate] rate`."""
        setting = BY_NAME[name]
        if self.kind == "flag":
            return setting.on_the_command_line
        if self.file is None:
            return str(setting.env)
        return f"{self.file.name}: {setting.in_a_job_file if self.kind == 'job file' else setting.env}"

    def example(self, name: str) -> str:
        """The example as it is typed there: `--rate 150/60`, `DECOM_RATE=150/60`, `rate = "150/60"`."""
        setting, value = BY_NAME[name], BY_NAME[name].example_value
        if self.kind == "flag":
            return value if name == "input" else f"{setting.on_the_command_line} {value}"
        if self.kind != "job file":
            return f"{setting.env}={value}"
        key = str(setting.job).partition(".")[2]
        bare = value.replace(".", "").isdigit() or value.startswith("[")
        return f"{key} = {value}" if bare else f'{key} = "{value}"'


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was said, and what was strange about it."""

    layers: tuple[Layer, ...]
    """The strongest first."""
    warnings: tuple[str, ...]


def read_sources(flags: Mapping[str, object], job_file: Path | None, environ: Mapping[str, str], cwd: Path) -> Sources:
    """What flags, environment, the `.env` in `cwd` and the job file say, in the order of their strength.

    A flag of None was not given. Raises BadSettings where a file cannot be read, or holds a name that is none.
    """
    warnings: list[str] = []
    layers = [
        Layer("flag", {name: value for name, value in flags.items() if value is not None}),
        Layer("environment", _from_variables(environ, "the environment", warnings)),
    ]
    dotenv = cwd / ".env"
    if _is_there(dotenv):
        found = dict(_lines_of(dotenv, warnings))
        layers.append(Layer(".env", _from_variables(found, ".env", warnings), dotenv))
    if job_file is not None:
        layers.append(Layer("job file", _from_job(job_file), job_file))
    return Sources(tuple(_with_whole_paths(layer, cwd) for layer in layers), tuple(warnings))


def first(layers: Sequence[Layer], *names: str) -> tuple[Layer, str] | None:
    """The strongest layer that says one of `names`, and which; None where none does. Raises BadSettings for two."""
    for layer in layers:
        said = [name for name in names if name in layer.values]
        if len(said) > 1:
            raise BadSettings(
                f"{' and '.join(layer.place(name) for name in said)} are both set; only one of them may be",
                remedy="Remove one of them.",
            )
        if len(said) == 1:
            return layer, said[0]
    return None


def nearest(word: str, words: Sequence[str]) -> str:
    """` Did you mean …?`, or nothing where no word is like it."""
    near = difflib.get_close_matches(word, words, 1, _LIKE)
    return f" Did you mean {near[0]}?" if near else ""


def _from_variables(variables: Mapping[str, str], where: str, warnings: list[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in variables.items():
        if name in _BY_ENV:
            if value == "" and name not in _KEYS:
                raise BadSettings(f"{name} is set but empty", where=where, remedy=f"Give it a value, or: unset {name}")
            values[_BY_ENV[name].name] = value
        elif name.startswith(_OURS):
            meant = nearest(name, list(_BY_ENV))
            if name.startswith("DECOM_") or meant != "":  # the vendor's own programs have variables of their own
                warnings.append(f"unknown setting {name} in {where} (ignored).{meant}")
    return values


def _lines_of(path: Path, warnings: list[str]) -> Iterator[tuple[str, str]]:
    for binding in parse_stream(StringIO(read_text(path))):
        if binding.error and any(ours in binding.original.string for ours in _OURS):
            raise BadSettings(
                "this line cannot be read",
                where=f"{path}, line {binding.original.line}",
                remedy="Write one NAME=VALUE per line.",
            )
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value
    if "DIALNEXA_API_KEY" in read_text(path) and path.stat().st_mode & 0o077:
        warnings.append(f"other users of this machine can read the key in {path}. Type: chmod 600 '{path}'")


def _from_job(path: Path) -> dict[str, object]:
    try:
        sections = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(
            f"not valid TOML: {error}", where=str(path), remedy="Compare it with jobs/nightly.toml."
        ) from None
    values: dict[str, object] = {}
    for section, keys in sections.items():
        if not isinstance(keys, dict):
            raise _unknown(path, section, "", list(_BY_JOB))
        for key, value in keys.items():
            setting = _BY_JOB.get(f"{section}.{key}")
            if setting is None:
                raise _unknown(path, key, section, list(_BY_JOB))
            if value == "":
                raise BadSettings(
                    "the value is empty", where=f"{path}: [{section}] {key}", remedy="Give it a value, or remove it."
                )
            values[setting.name] = value
    return values


def _unknown(path: Path, key: str, section: str, known: Sequence[str]) -> BadSettings:
    """The error for a key that means nothing, with the one that was meant as far as that can be told."""
    said = f"[{section}] {key}" if section != "" else key
    elsewhere = [name.partition(".")[0] for name in known if name.partition(".")[2] == key]
    near = difflib.get_close_matches(f"{section}.{key}", known, 1, _LIKE) or difflib.get_close_matches(
        key, [name.partition(".")[2] for name in known], 1, _LIKE
    )
    if section == "" and any(name.startswith(f"{key}.") for name in known):
        remedy = f"It is a section of its own: [{key}]"
    elif elsewhere:
        remedy = f"It belongs under [{elsewhere[0]}]."
    elif near:
        meant = near[0] if "." in near[0] else next(name for name in known if name.endswith(f".{near[0]}"))
        remedy = "Did you mean [{}] {}?".format(*meant.split("."))
    else:
        sections = dict.fromkeys(f"[{name.partition('.')[0]}]" for name in known)
        remedy = f"The sections are {', '.join(sections)}."
    return BadSettings(f"unknown setting {said}", where=str(path), remedy=remedy)


def read_text(path: Path) -> str:
    """A small text file. Raises BadSettings where it is missing, no file, too large, or not UTF-8."""
    remedy = "Check the name and the permissions of the file."
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise BadSettings("not a regular file", where=str(path), remedy=remedy)
        if facts.st_size > MOST_BYTES:
            raise BadSettings("too large for a file of settings", where=str(path), remedy=remedy)
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSettings(f"cannot be read: {error.strerror}", where=str(path), remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"not UTF-8 text (byte {error.start})", where=str(path), remedy="Save it as UTF-8.") from None


def _is_there(dotenv: Path) -> bool:
    """Whether a `.env` is to be read; a folder of that name is somebody's virtual environment."""
    try:
        return not stat.S_ISDIR(dotenv.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # whoever reads it says what is wrong with it


def _with_whole_paths(layer: Layer, cwd: Path) -> Layer:
    """The layer with its paths made whole; `-` is standard input and stays. Raises BadSettings for an unknown `~user`.

    Paths are relative to the working directory, and in a job file to that file's folder.
    """
    folder = cwd if layer.file is None or layer.kind == ".env" else (cwd / layer.file).parent
    whole = dict(layer.values)
    for name, value in layer.values.items():
        if BY_NAME[name].is_path and isinstance(value, str | Path) and str(value) != "-":
            try:
                whole[name] = folder / Path(value).expanduser()
            except (RuntimeError, ValueError):  # ValueError: a NUL in the user's name
                raise BadSettings(
                    f"{str(value)[:80]!r} names a user who does not exist or has no home directory",
                    where=layer.place(name),
                    remedy=f"Write the full path. For example: {layer.example(name)}",
                ) from None
    return replace(layer, values=whole)
