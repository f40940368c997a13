"""What pip (or uv) prints, for someone who waits: how far it is, and why it failed."""

from __future__ import annotations

import re
from pathlib import Path

DOWNLOADING = 0.7
"""The part of an installation's time that goes into downloads; the rest unpacks them."""

_DOWNLOAD = re.compile(r"^\s*Downloading (?!\S+\.metadata )(\S+) \(([\d.]+) ?([MG])i?B\)", re.MULTILINE)
_INSTALLING = re.compile(r"^Installing collected packages: (.+)$", re.MULTILINE)
_PREPARED = re.compile(r"^Prepared \d+ packages?", re.MULTILINE)  # uv's last word before it unpacks
_MEGABYTES = {"M": 1.0, "G": 1e3}

DISK_FULL = r"No space left on device|not enough space on the disk|Errno 28|disk quota exceeded|os error 28"
"""What is printed (a regular expression) where the disk is full."""

_NO_NETWORK = (
    r"name resolution|Failed to establish a new connection|Network is unreachable|[Rr]ead ?[Tt]ime(d )?out"
    r"|[Cc]onnect ?[Tt]imeout|getaddrinfo failed|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED"
    r"|ConnectionResetError|NewConnectionError|IncompleteRead|Connection refused"
)

_FAILURES = (
    (
        DISK_FULL,
        "The disk is full: free some space, then set up again; what has been installed stays.",
    ),
    (
        _NO_NETWORK,
        "The package index could not be reached: check the network or pip's proxy settings, then set up again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|BadZipFile|is invalid\.$",
        "A download arrived damaged: set up again, and it is fetched anew.",
    ),
    (
        r"No matching distribution found|ResolutionImpossible|not a supported wheel on this platform",
        "A package is not offered for this machine: DreamFace's engine runs on 64-bit Linux, Windows and "
        "Apple-silicon macOS.",
    ),
    (
        r"Long Path|WinError 206|File name too long",
        "The folder's path is too long for Windows: turn on long paths in Windows, then set up again.",
    ),
    (
        r"WinError 32|being used by another process|Text file busy",
        "A file is in use by another program, often an antivirus: wait a minute, then set up again.",
    ),
    (
        r"Permission denied|Access is denied|WinError 5\b|Read-only file system|Operation not permitted",
        "Files in {folder} cannot be written: check who owns them, or whether an antivirus blocks them, "
        "then set up again.",
    ),
    (
        r"ensurepip is not available|No module named '?(ensurepip|venv)",
        "Blender's Python cannot make environments: install the rest of it (on Debian and Ubuntu: "
        "apt install python3-venv), then set up again.",
    ),
    (
        r"DLL load failed|c10\.dll|vcruntime|WinError 126",
        "PyTorch does not start: install Microsoft's latest Visual C++ Redistributable (x64), then set up again.",
    ),
    (r"MemoryError|Cannot allocate memory", "There is too little memory: close some programs, then set up again."),
)
"""What is printed (a regular expression), and what it means for the user; the first match counts."""


_NOT_ADDED = (
    (DISK_FULL, "the disk is full: free some space, then press {button}"),
    (
        _NO_NETWORK,
        "the package index could not be reached: check the network or pip's proxy settings, then press {button}",
    ),
    (
        r"No matching distribution found|not a supported wheel on this platform",
        "a package is not offered for {machine}",
    ),
)
"""What is printed (a regular expression), and why something was not added; the first match counts."""

_MISSING_LIBRARY = re.compile(r"(lib[\w+.-]*\.so[\w.]*): cannot open shared object file")


def explain_without_video(output: str) -> str:
    """Return one sentence on why faces in video can't be followed, from what installing or trying it printed."""
    return "Faces in video can't be followed, because " + _reason(
        output, "Add Video", "this machine: takes of Live Link Face and streams of a phone work without it"
    )


def explain_without_diffusion(output: str) -> str:
    """Return one sentence on why diffusion can't be used, from what installing or trying it printed."""
    return "Diffusion can't be used, because " + _reason(
        output, "Add Diffusion", "this machine: all that DreamFace makes by itself works without it"
    )


def _reason(output: str, button: str, machine: str) -> str:
    for pattern, reason in _NOT_ADDED:
        if re.search(pattern, output, re.MULTILINE):
            return f"{reason.format(button=button, machine=machine)}."
    library = _MISSING_LIBRARY.search(output)
    if library is not None:
        return f"the system lacks {library.group(1)}: install it, then press {button}."
    return f"installing it failed: see the log, then press {button} to try again."


def explain(output: str, folder: Path, log: Path) -> str:
    """One sentence on why a step of setting up failed.

    Args:
        output: what the step printed.
        folder: the environment's folder.
        log: the file with the details.
    """
    for pattern, sentence in _FAILURES:
        if re.search(pattern, output, re.MULTILINE):
            return sentence.format(folder=folder)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"error\b", line, re.IGNORECASE)]
    reason = (errors or lines or ["it ended without a word"])[-1].rstrip(".")
    return f"Setting up failed ({reason}): set up again, or send us {log} if that does not help."


class PipProgress:
    """How far an installation is.

    Attributes:
        message: what is going on, for the user.
    """

    def __init__(self, expected_mb: float, packages: Path, temporary: Path) -> None:
        """Begin at nothing.

        Args:
            expected_mb: about how many megabytes there are to download.
            packages: the folder that packages are installed into.
            temporary: the folder that pip downloads into.
        """
        self.message = ""
        self._expected_mb = expected_mb
        self._packages = packages
        self._temporary = temporary

    def fraction(self, output: str) -> float:
        """How much is done, 0 to 1, from all that was printed so far."""
        installing = _INSTALLING.search(output)
        if installing:
            names = installing.group(1).split(", ")
            self.message = f"Unpacking {len(names)} packages"
            return DOWNLOADING + (1.0 - DOWNLOADING) * self._unpacked(names)
        if _PREPARED.search(output):
            self.message = "Unpacking"
            return DOWNLOADING
        done_mb = 0.0
        downloads = _DOWNLOAD.findall(output)
        for index, (name, size, unit) in enumerate(downloads):
            megabytes = float(size) * _MEGABYTES[unit]
            if index < len(downloads) - 1:
                done_mb += megabytes
            else:
                done_mb += min(self._arrived_mb(name), megabytes)
                self.message = f"Downloading {_package(name)} ({_size_in_words(megabytes)})"
        return DOWNLOADING * min(1.0, done_mb / self._expected_mb)

    def _arrived_mb(self, file: str) -> float:
        """How much of a file is there already; pip prints no more about it when nobody watches."""
        sizes = (path.stat().st_size for path in self._temporary.glob(f"pip-*/{file.rpartition('/')[2]}"))
        try:
            return max(sizes, default=0) / 1e6
        except OSError:
            return 0.0  # it has just been moved

    def _unpacked(self, names: list[str]) -> float:
        """Which part of the packages is installed; pip installs them one after the other."""
        there = {_normalised(info.name.split("-")[0]) for info in self._packages.glob("*.dist-info")}
        return sum(_normalised(name) in there for name in names) / len(names)


def _package(file: str) -> str:
    """A package's name from the file that is downloaded, or from uv's own name for it."""
    return re.sub(r"-\d.*", "", file.rpartition("/")[2])


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip()


def _size_in_words(megabytes: float) -> str:
    return f"{megabytes / 1e3:.1f} GB" if megabytes >= 1e3 else f"{megabytes:.0f} MB"
