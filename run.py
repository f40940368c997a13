#!/usr/bin/env python3
"""Sets DreamFace up beside this file, once, and runs it.

    python3 run.py generate "an old fisherman with a hooked nose"
    python3 run.py extension        builds the zip to install in Blender, and a repository to update it from
    python3 run.py test

It takes Python 3.11, 3.12 or 3.13. The first start makes `.venv` and installs the project into it with the versions
of `constraints.txt`; later starts go straight to work. Any other word is passed on to the `dreamface` command. Only
Python's own library is used here, and no syntax newer than Python 3.7, so that an unsuitable Python can still say what
is wrong.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PYTHONS_WITH_BPY = ("3.11", "3.13")  # bpy 4.5 is built for the first, bpy 5.2 for the second; it writes .blend files
PYTHONS = (*PYTHONS_WITH_BPY, "3.12")
EXTRAS = "blender,dev,remote"
VIDEO = ("--no-deps", "-r", "video.txt")  # its own requirements would bring 500 MB and a need for libGL
DISK_NEEDED_GB = 4.0  # a finished .venv takes 3.4 GB with torch's CPU build; pip needs room to unpack
DISK_WITH_CUDA_GB = 9.0  # a finished .venv takes 6.2 GB with torch's CUDA build, which pip may take on Linux
BIG_DOWNLOAD_MB = 15.0  # smaller ones are not worth a line
TAIL_LINES = 15  # of pip's output, shown when it fails

PINNED = ("-c", "constraints.txt")
OWN_INDEX = re.compile(r"\.(index-url|extra-index-url|find-links|no-index)=")  # in what `pip config list` prints
SETUP_STEPS = ROOT / "dreamface_addon" / "setup" / "check.py"

WITHOUT_VIDEO = (
    "Without following faces in video, whose packages could not be installed for the reason above; the rest works. "
    "To try again: {command}"
)

PIP_FAILURES = (
    ("No space left on device", "The disk is full; free {disk:.0f} GB and run this again."),
    (
        r"name resolution|Failed to establish a new connection|Network is unreachable|ReadTimeout|ConnectTimeout"
        r"|getaddrinfo failed|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|ConnectionResetError|NewConnectionError",
        "The package index could not be reached; check the network or pip's proxy settings and run this again.",
    ),
    (
        "No matching distribution found",
        "A package is not offered for this machine; DreamFace runs on 64-bit Linux, Windows and Apple-silicon macOS.",
    ),
    ("Permission denied|Access is denied", "{root} cannot be written to; move DreamFace to a folder of your own."),
)
"""What pip prints (a regular expression), and what it means for the user; the first match counts."""


IN_PARALLEL = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
"""How the tests share the processors: a file's tests stay together, because they share heads and faces."""


class SetupError(Exception):
    """Setting up failed; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Set up if needed, run the command and return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip() if __doc__ else "")
        return 0 if arguments else 2
    try:
        python = ready_python(ROOT)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; run this again to finish setting up.", file=sys.stderr)
        return 130
    if arguments[0] == "test":
        return run([str(python), "-m", "pytest", *IN_PARALLEL, *arguments[1:]], ROOT)
    if arguments[0] == "extension":
        return run([str(python), str(ROOT / "tools" / "build_extension.py"), *arguments[1:]])
    # -P: no file in the user's folder, such as a secrets.py, takes the place of a module.
    return run([str(python), "-P", "-m", "dreamface", *arguments])


def run(command: Sequence[str], folder: Path | None = None) -> int:
    """Run a program to its end, wherever it is stopped from, and return its exit code."""
    with subprocess.Popen(command, cwd=folder) as program:
        signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        while True:
            try:
                code = program.wait()
            except KeyboardInterrupt:
                continue  # the terminal has sent Ctrl-C to the program too, which is now ending in good order
            return code if code >= 0 else 128 - code


# ------------------------------------------------------------------------------------------------------- setting up


def ready_python(root: Path) -> Path:
    """The Python of a finished environment, which is made or mended first where needed.

    Raises:
        SetupError: it cannot be made.
    """
    if not is_ready(root):
        with setup_lock(root, say):
            if not is_ready(root):  # whoever held the lock may have finished it
                set_up(root)
    return environment_python(root)


def environment_python(root: Path) -> Path:
    """Where the environment's Python is, whether or not it exists."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp(root: Path) -> str:
    """A hash of everything the environment was made from: the three files, the Python and the place."""
    digest = hashlib.sha256(str(root).encode())  # an editable install and its scripts hold the absolute path
    names = ("pyproject.toml", "constraints.txt", "video.txt", ".venv/pyvenv.cfg")
    for path in (root / name for name in names):
        digest.update(path.read_bytes() if path.exists() else b"")
        digest.update(b"\0")
    return digest.hexdigest()


def is_ready(root: Path) -> bool:
    """True where the environment was finished from these very files and its Python is still there."""
    note = root / ".venv" / "stamp"
    return environment_python(root).exists() and note.exists() and note.read_text() == stamp(root)


def set_up(root: Path) -> None:
    """Make or mend `.venv`; its stamp is written last, so an interrupted one is taken up again.

    Raises:
        SetupError: no suitable Python, no room, or pip failed.
    """
    with contextlib.suppress(FileNotFoundError):
        (root / ".venv" / "stamp").unlink()
    if not works([str(environment_python(root))], "import pip"):
        make_environment(root, *find_python())
    say("Installing DreamFace's packages: 1 GB or more to download, some minutes, only this once.")
    install(root)
    install_video(root)
    (root / ".venv" / "stamp").write_text(stamp(root))
    say("Ready.")


def make_environment(root: Path, python: list[str], version: str) -> None:
    """A fresh, empty `.venv` in the place of any broken one.

    Raises:
        SetupError: there is no room, or this Python cannot make environments.
    """
    free = shutil.disk_usage(root).free / 1e9
    if free < DISK_NEEDED_GB:
        raise SetupError(f"Setting up needs {DISK_NEEDED_GB:.0f} GB of disk and {root} has {free:.1f} GB; free some.")
    wanted = disk_wanted_gb()
    if free < wanted:
        say(f"There are {free:.1f} GB free; torch's GPU build, if pip chooses it, may need up to {wanted:.0f} GB.")
    if not works(python, "import ensurepip, venv"):
        raise SetupError(
            f"Python {version} is here but cannot make environments; "
            f"install the rest of it (on Debian and Ubuntu: apt install python{version}-venv) and run this again."
        )
    say(f"Making .venv with Python {version}.")
    if not has_bpy(version):
        others = [other for other in PYTHONS_WITH_BPY if has_bpy(other)]
        say(
            f"Without .blend files, because Blender's package bpy is not built for Python {version} on this machine; "
            "everything else works."
            + (f" To have them too, install Python {others[-1]}, delete .venv and run this again." if others else "")
        )
    for leftover in (root / ".venv").iterdir():
        if leftover.name != "lock":
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()
    made = subprocess.run([*python, "-I", "-m", "venv", str(root / ".venv")], capture_output=True, text=True)
    if made.returncode:
        raise SetupError(explain(made.stdout + made.stderr, root))


def has_bpy(version: str) -> bool:
    """Whether Blender's package bpy is built for a Python of this version on this machine, as pyproject.toml says."""
    machines = {"linux": ("x86_64",), "darwin": ("arm64", "x86_64") if version == "3.11" else ("arm64",)}
    return version in PYTHONS_WITH_BPY and platform.machine() in machines.get(sys.platform, (platform.machine(),))


def disk_wanted_gb() -> float:
    """How much free disk, in GB, is enough for whichever build of torch this system gets."""
    return DISK_WITH_CUDA_GB if sys.platform == "linux" else DISK_NEEDED_GB


def find_python() -> tuple[list[str], str]:
    """The command of a Python that fits, this one or one on PATH, and its version.

    Raises:
        SetupError: there is none.
    """
    this = getattr(sys, "_base_executable", None) or sys.executable  # outside any environment we may be in
    here = "{}.{}".format(*sys.version_info[:2])
    # The Python that run.py was started with is the one that it uses. Only if bpy is not built for it is another one
    # on PATH taken instead, because a user who did not choose a Python should get .blend files where that is possible.
    for version in sorted(PYTHONS, key=lambda version: (not has_bpy(version), version != here)):
        for command in ([this], [f"python{version}"], ["py", f"-{version}"]):
            if works(command, f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"):
                return command, version
    raise SetupError(
        f"run.py needs Python 3.11, 3.12 or 3.13, and this is Python {here}. Install Python 3.13 beside it and run "
        "this again; it is found by itself."
    )


def works(python: Sequence[str], code: str) -> bool:
    """True where this Python exists and runs `code` without error, whatever lies in the current folder."""
    try:
        return subprocess.run([*python, "-I", "-c", code], capture_output=True).returncode == 0
    except OSError:
        return False


# -------------------------------------------------------------------------------------------------------------- pip


def install(root: Path) -> None:
    """Install the project, editable, under the constraints.

    Raises:
        SetupError: pip failed; the message holds the end of its output and what to do.
    """
    if sys.platform == "linux":
        install_small_torch(root)
    must(root, pip(root, "install", *PINNED, "-e", f".[{EXTRAS}]"))


def install_video(root: Path) -> None:
    """Install what follows faces in video; where that can't be had, say so: everything else works without it."""
    command = pip(root, "install", *PINNED, *VIDEO)
    code, tail = output_of(root, command)
    if code:
        say(tail)
        say(WITHOUT_VIDEO.format(command=subprocess.list2cmdline(command)))


def install_small_torch(root: Path) -> None:
    """Install torch without what only computing on a graphics card uses; on Linux pip would take all of it.

    Raises:
        SetupError: pip failed.
    """
    # uv knows where the small CPU build is; but it does not read pip's settings, so an index of the user's own decides.
    _, settings = output_of(root, pip(root, "config", "list"))
    if not OWN_INDEX.search(settings):
        code, _ = output_of(root, pip(root, "install", *PINNED, "uv"))
        uv = [str(environment_python(root)), "-m", "uv", "pip", "install", "--python", str(environment_python(root))]
        if code == 0 and output_of(root, [*uv, "--torch-backend=cpu", *PINNED, "torch"])[0] == 0:
            return
    must(root, pip(root, "install", *PINNED, "--no-deps", "torch"))
    must(root, [str(environment_python(root)), str(SETUP_STEPS), "slim"])


def pip(root: Path, verb: str, *arguments: str) -> list[str]:
    """The command line of the environment's pip."""
    options = ["--progress-bar", "off"] if verb == "install" else []
    python = str(environment_python(root))
    return [python, "-m", "pip", verb, "--no-input", "--disable-pip-version-check", *options, *arguments]


def must(root: Path, command: Sequence[str]) -> None:
    """Run a program to its end.

    Raises:
        SetupError: it failed; the message holds the end of its output and what to do.
    """
    code, tail = output_of(root, command)
    if code:
        raise SetupError(tail + "\n\n" + explain(tail, root))


def output_of(root: Path, command: Sequence[str]) -> tuple[int, str]:
    """Run a program to its end, telling the user of its longer steps; returns its exit code and its last lines."""
    tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as program:
        assert program.stdout is not None
        for line in program.stdout:
            tail.append(line.rstrip())
            step = milestone(line)
            if step:
                say("  " + step)
    return program.returncode, "\n".join(tail)


def milestone(line: str) -> str:
    """What a line of pip's output means for someone who waits, or nothing."""
    download = re.search(r"Downloading (?:\S*/)?([A-Za-z0-9._]+?)(?:-\d\S*)? \(([\d.]+) ?([MG])i?B\)", line)
    if download:
        size = float(download.group(2)) * (1000.0 if download.group(3) == "G" else 1.0)
        return f"downloading {download.group(1)} ({size:.0f} MB)" if size >= BIG_DOWNLOAD_MB else ""
    return "unpacking (a minute or two)" if line.startswith("Installing collected packages") else ""


def explain(output: str, root: Path) -> str:
    """One sentence on why setting up failed, from what pip or venv printed."""
    for pattern, sentence in PIP_FAILURES:
        if re.search(pattern, output):
            return sentence.format(disk=disk_wanted_gb(), root=root)
    return "Setting up failed for the reason above; run this again to go on from where it stopped."


# ------------------------------------------------------------------------------------------------------------- lock


@contextlib.contextmanager
def setup_lock(root: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Only one process at a time sets up; the system frees the lock even if its holder dies.

    Raises:
        SetupError: the folder cannot be written to.
    """
    try:
        (root / ".venv").mkdir(exist_ok=True)
        file = (root / ".venv" / "lock").open("a+")
    except OSError:
        raise SetupError(explain("Permission denied", root)) from None
    with file:
        waiting = False
        while not try_lock(file.fileno()):
            if not waiting:
                tell("DreamFace is being set up by another run.py; waiting for it.")
            waiting = True
            time.sleep(0.2)
        yield


def try_lock(file: int) -> bool:
    """Take the lock on an open file without waiting; closing the file gives it back."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, 0, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def say(message: str) -> None:
    """Tell the user what is happening, on stderr: stdout belongs to the command."""
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
