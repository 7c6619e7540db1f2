"""What the figures were measured on. In: this machine. Out: a few lines, without names or paths of it."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("httpx", "httpcore", "anyio", "sniffio", "tenacity", "xlsxwriter", "jinja2", "typer", "rich")


def description() -> list[str]:
    """One line a fact."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return [
        f"{os.cpu_count()} cores, {_processor()}; load when the bench began: {load}",
        f"{platform.system()} {platform.release().split('-')[0]}, {platform.python_implementation()}"
        f" {platform.python_version()}",
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        f"curl {_curl()}",
    ]


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _curl() -> str:
    path = shutil.which("curl")
    if path is None:
        return "absent"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]
