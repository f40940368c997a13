"""Setting the engine up, with packages that are made here and hold next to nothing."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import http.server
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from dreamface_addon.setup import steps
from dreamface_addon.setup.environment import (
    Setup,
    diffusion_problem,
    environment_python,
    is_for_accelerator,
    is_ready,
    video_problem,
    was_interrupted,
)
from dreamface_addon.setup.file_lock import try_lock
from dreamface_addon.setup.folder import EnvironmentFolder
from dreamface_addon.setup.pip_output import (
    PipProgress,
    explain,
    explain_without_diffusion,
    explain_without_video,
)

ROOT = Path(__file__).parents[2]

BACKEND = {
    "dreamface/__init__.py": "",
    "dreamface/__main__.py": "print('dreamface 0.1.0')\n",
    "dreamface/guidance.py": "def import_packages():\n    import diffusers\n",
}

UV_THAT_INSTALLS = """
import subprocess, sys
assert sys.argv[1:4] == ["pip", "install", "torch"]
print("Downloading torch (175.0MiB)")
print("build:", *(word for word in sys.argv if word.startswith("--torch-backend")))
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q", "torch"]))
"""


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    files: dict[str, str],
    needs: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
) -> Path:
    """A wheel that pip installs."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    metadata += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
    contents = files | {
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{digest(text)},{len(text.encode())}\n" for path, text in contents.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        for path, text in (contents | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
            file.writestr(path, text)
    return wheel


def digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def backend_wheel(folder: Path, files: dict[str, str] = BACKEND) -> Path:
    needs = ("torch>=2", "anny", "diffusers; extra == 'diffusion'")
    return make_wheel(folder, "dreamface", "0.1.0", files, needs, ("diffusion",))


class Place:
    """A user's folder with a space and Cyrillic letters, an extension, and packages for pip to find."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "Мои файлы" / "environment"
        self.packages = root / "packages"
        self.wheel = backend_wheel(root / "extension")
        self.constraints = root / "extension" / "constraints.txt"
        self.constraints.write_text('torch==2.13.0\nanny==0.6.2\nnumpy==1.26.4; python_version < "3.12"\n')
        self.video = root / "extension" / "video.txt"
        self.video.write_text("imageio-ffmpeg\nmediapipe\n")
        make_wheel(self.packages, "torch", "2.13.0", {"torch/__init__.py": "weights = 'whole'\n"})
        make_wheel(self.packages, "torch", "2.14.0", {"torch/__init__.py": ""})
        make_wheel(self.packages, "anny", "0.6.2", {"anny/__init__.py": ""})

    def setup(
        self,
        *,
        online: bool = True,
        python: Path = Path(sys.executable),
        accelerator: bool = False,
        video: bool = False,
        diffusion: bool = False,
    ) -> Setup:
        listed = self.video if video else None
        return Setup(self.folder, self.wheel, self.constraints, python, online, accelerator, listed, diffusion)

    def offer_video(self, mediapipe: str = "") -> None:
        """Have pip find what follows faces in video; as the real one, it asks for much that is not wanted."""
        reader = {"imageio_ffmpeg/__init__.py": "def get_ffmpeg_exe(): pass\n"}
        make_wheel(self.packages, "imageio_ffmpeg", "0.8.1", reader)
        follower = {"mediapipe/__init__.py": mediapipe, "mediapipe/tasks/python/vision.py": ""}
        make_wheel(self.packages, "mediapipe", "1.0.0", follower, ("jax", "opencv-contrib-python"))

    def offer_diffusion(self, diffusers: str = "") -> None:
        """Have pip find what diffusion takes."""
        make_wheel(self.packages, "diffusers", "0.42.1", {"diffusers/__init__.py": diffusers})

    def ask(self, code: str) -> str:
        """What the environment's Python prints."""
        command = [str(environment_python(self.folder)), "-I", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def version(self, package: str) -> str:
        return self.ask(f"from importlib.metadata import version; print(version('{package}'))")


def finish(setup: Setup, seconds: float = 60.0) -> Setup:
    """Poll, as Blender's timer does, until it is over."""
    until, before = time.monotonic() + seconds, 0.0
    while setup.state in ("checking", "running"):
        setup.poll()
        assert before <= setup.fraction <= 1.0
        before = setup.fraction
        assert time.monotonic() < until, f"still at: {setup.message}\n{setup.log.read_text('utf-8')}"
        time.sleep(0.01)
    return setup


def set_up(place: Place, *, accelerator: bool = False, video: bool = False, diffusion: bool = False) -> Setup:
    setup = place.setup(accelerator=accelerator, video=video, diffusion=diffusion)
    assert setup.state == "idle"
    setup.start()
    return finish(setup)


def use_packages(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Have pip find packages in a folder and nowhere else."""
    patch.setenv("PIP_CONFIG_FILE", os.devnull)
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(folder))
    patch.delenv("PIP_EXTRA_INDEX_URL", raising=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    use_packages(place.packages, monkeypatch)
    return place


def copy_environment(source: Path, target: Path) -> None:
    """Copy an environment; pip's own thousand files, which nothing here changes, get another name each."""

    def copy(file: str, to: str) -> None:
        is_pips = {"pip", "setuptools", "pkg_resources"}.intersection(Path(file).parts)
        os.link(file, to) if is_pips else shutil.copy2(file, to)

    shutil.copytree(source, target, symlinks=True, copy_function=copy)


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-I", "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def begun(place: Place, empty_environment: Path) -> Place:
    """A place whose environment was made, with nothing installed yet; saves the seconds that making it takes."""
    place.folder.mkdir(parents=True)
    copy_environment(empty_environment, place.folder / "venv")
    return place


@pytest.fixture(scope="module")
def once_set_up(tmp_path_factory: pytest.TempPathFactory, empty_environment: Path) -> Place:
    place = Place(tmp_path_factory.mktemp("once"))
    place.folder.mkdir(parents=True)
    copy_environment(empty_environment, place.folder / "venv")
    with pytest.MonkeyPatch.context() as patch:
        use_packages(place.packages, patch)
        assert set_up(place).state == "done"
    return place


@pytest.fixture
def finished(place: Place, once_set_up: Place) -> Place:
    """A place that has been set up; saves the seconds that installing takes."""
    place.folder.parent.mkdir(parents=True, exist_ok=True)
    copy_environment(once_set_up.folder, place.folder)
    shutil.copy2(once_set_up.wheel, place.wheel)
    assert is_ready(place.folder, place.wheel)
    return place


# --------------------------------------------------------------------------------------------------------- it works


def test_it_sets_up_whatever_is_in_the_users_environment(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('the wrong pip')")
    (tmp_path / "venv.py").write_text("raise SystemExit('the wrong venv')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PIP_USER", "1")
    assert not is_ready(place.folder, place.wheel)

    setup = set_up(place)

    assert (setup.state, setup.fraction, setup.problem) == ("done", 1.0, "")
    assert is_ready(place.folder, place.wheel)
    assert place.version("torch") == "2.13.0", "not the newest, but the one of the constraints"
    log = setup.log.read_text("utf-8")
    assert "Successfully installed" in log
    assert "install uv" not in log, "the user's own index decides on torch's build"
    names = sorted(path.name for path in place.wheel.parent.iterdir())
    assert names == ["constraints.txt", place.wheel.name, "video.txt"]
    assert not list((place.folder / "tmp").iterdir())


def test_a_new_extension_brings_its_backend_along(finished: Place) -> None:
    finished.constraints.write_text("torch==2.14.0\nanny==0.6.2\n")
    backend_wheel(finished.wheel.parent, BACKEND | {"dreamface/news.py": "text = 'new'\n"})  # by the same version

    assert not is_ready(finished.folder, finished.wheel)
    assert set_up(finished).state == "done"
    assert is_ready(finished.folder, finished.wheel)
    assert finished.ask("from dreamface.news import text; print(text)") == "new"
    assert finished.version("torch") == "2.14.0"


def test_what_was_interrupted_half_way_is_installed_again(finished: Place) -> None:
    packages = EnvironmentFolder(finished.folder).packages
    (packages / "torch/__init__.py").write_text("weights = 'ha")  # as left by a process that was killed
    (packages / "anny-0.6.2.dist-info/RECORD").unlink()
    (packages / "anny/__init__.py").unlink()

    assert set_up(finished).state == "done"
    assert finished.ask("import torch, anny; print(torch.weights)") == "whole"


def test_an_environment_whose_python_is_gone_is_made_again(finished: Place) -> None:
    settings = finished.folder / "venv/pyvenv.cfg"  # which names the Blender that it was made with
    changed = re.sub(r"(?m)^executable = .*", "executable = /blender/4.2/python3.11", settings.read_text("utf-8"))
    settings.write_text(changed, "utf-8")
    assert not is_ready(finished.folder, finished.wheel)

    setup = finished.setup()
    setup.start()
    wait_for(setup, "-m pip install")  # from here on it is as the first time
    setup.cancel()
    assert EnvironmentFolder(finished.folder).has_python() and finished.ask("print('starts')") == "starts"
    assert "torch" not in installed(finished)


def test_an_environment_without_its_python_is_not_ready(finished: Place) -> None:
    environment_python(finished.folder).unlink()
    assert not is_ready(finished.folder, finished.wheel)


# ------------------------------------------------------------------------------------------------------------ stopping


@pytest.fixture
def silent_index():
    """The address of a package index that takes questions and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def processes_about(folder: Path) -> list[str]:
    """Command lines of running programs that name a folder; Linux shows them."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


def wait_for(setup: Setup, words: str) -> None:
    until = time.monotonic() + 30
    while words not in setup.log.read_text("utf-8"):
        assert setup.state in ("checking", "running") and time.monotonic() < until
        setup.poll()
        time.sleep(0.01)


def test_cancel_stops_everything_and_the_next_start_goes_on(
    begun: Place, silent_index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.delenv("PIP_NO_INDEX")
        patch.setenv("PIP_INDEX_URL", silent_index)
        setup = begun.setup()
        setup.start()
        wait_for(setup, "Looking in indexes")
        setup.cancel()
    assert setup.state == "cancelled"
    assert setup.problem.startswith("Set-up was cancelled: what is there already is kept")
    assert processes_about(begun.folder) == []
    assert not is_ready(begun.folder, begun.wheel)
    setup.poll()
    assert setup.state == "cancelled"

    setup.start()
    assert finish(setup).state == "done"


class CountingIndex(http.server.SimpleHTTPRequestHandler):
    """A package index of files, which counts what is asked for and may hold back anny."""

    asked: ClassVar[list[str]] = []
    released = threading.Event()
    cached = True

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.asked.append(name)
        if not name.startswith("anny-") or self.released.wait(30):
            super().do_GET()

    def end_headers(self) -> None:
        if self.path.endswith(".whl") and self.cached:
            self.send_header("Cache-Control", "max-age=365000000, immutable, public")  # as the public index does
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("cached", [pytest.param(True, marks=pytest.mark.slow), False])
def test_what_had_arrived_before_cancelling_is_not_fetched_again(
    begun: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    monkeypatch.setattr(CountingIndex, "cached", cached)
    make_wheel(begun.packages, "scipy", "1.17.1", {"scipy/__init__.py": ""}, ("anny",))
    index = tmp_path / "index"
    for wheel in begun.packages.glob("*.whl"):
        folder = index / wheel.name.split("-")[0]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, folder)
    backend = make_wheel(begun.wheel.parent, "dreamface", "0.1.0", BACKEND, ("torch>=2", "scipy"))
    assert backend == begun.wheel
    monkeypatch.setattr(CountingIndex, "asked", [])
    monkeypatch.setattr(CountingIndex, "released", threading.Event())
    handler = functools.partial(CountingIndex, directory=str(index))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_TRUSTED_HOST", "127.0.0.1")  # pip keeps nothing from http without it
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}")
        setup = begun.setup()
        setup.start()
        until = time.monotonic() + 30
        while "anny-0.6.2-py3-none-any.whl" not in CountingIndex.asked and time.monotonic() < until:
            setup.poll()
            time.sleep(0.01)
        setup.cancel()
        assert "scipy" not in installed(begun)

        CountingIndex.released.set()
        assert set_up(begun).state == "done"
        server.shutdown()
    assert CountingIndex.asked.count("torch-2.13.0-py3-none-any.whl") == 1
    assert CountingIndex.asked.count("scipy-1.17.1-py3-none-any.whl") == 1
    for folder in ("pip-cache", "wheels", "tmp"):
        assert not any((begun.folder / folder).iterdir()), "nothing takes room once all is installed"


def test_what_had_arrived_is_used_although_some_of_it_does_not_fit(begun: Place) -> None:
    kept = begun.folder / "wheels"
    shutil.copytree(begun.packages, kept)  # torch by two versions, of which the constraints want the older
    for wheel in begun.packages.glob("*.whl"):
        wheel.unlink()  # so that nothing can be fetched
    anny = next(kept.glob("anny-*"))
    shutil.copy(anny, anny.with_name("arrived-1.0-cp39-cp39-win32.whl"))  # for another Blender's Python
    assert set_up(begun).state == "done"
    assert begun.version("torch") == "2.13.0" and "anny" in installed(begun)
    assert not any(kept.iterdir())


def test_a_full_disk_does_not_throw_away_what_had_arrived(begun: Place) -> None:
    kept = begun.folder / "wheels"
    shutil.copytree(begun.packages, kept)
    folder = EnvironmentFolder(begun.folder)
    programs = steps.EnvironmentSteps(folder, begun.wheel, begun.constraints, Path(sys.executable)).everything()
    next(programs)
    facts = '{"version": [3, 11, 7], "is_64_bit": true, "makes_environments": true}'
    with pytest.raises(steps.SetupError, match="disk is full"):
        program = programs.send((0, facts))
        while True:
            assert kept not in program.arguments or "clean" not in program.arguments
            fails = "pip" in program.arguments
            program = programs.send((1, "ERROR: [Errno 28] No space left on device") if fails else (0, "0"))


def mended(place: Place) -> str:
    """What is said when half-installed packages are taken out."""
    program = [str(environment_python(place.folder)), "-I", str(ROOT / "dreamface_addon/setup/check.py"), "mend"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def damaged(content: bytes, place: int, by: bytes) -> bytes:
    return content[:place] + by + content[place + len(by) :]


def test_half_a_download_is_not_kept(tmp_path: Path) -> None:
    temporary, wheels = tmp_path / "tmp", tmp_path / "wheels"
    whole = make_wheel(temporary / "pip-unpack-1", "whole", "1", {"whole/__init__.py": "1"})
    half = make_wheel(temporary / "pip-unpack-2", "half", "1", {"half/__init__.py": "1"})
    half.write_bytes(half.read_bytes()[:-30])
    broken = make_wheel(temporary / "pip-unpack-3", "broken", "1", {"broken/__init__.py": "12345"})
    broken.write_bytes(broken.read_bytes().replace(b"12345", b"12645"))
    squeezed = temporary / "pip-unpack-4/squeezed-1-py3-none-any.whl"
    squeezed.parent.mkdir()
    with zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("squeezed.py", "x = 1\n" * 100)
    squeezed.write_bytes(damaged(squeezed.read_bytes(), 30 + len("squeezed.py"), b"\xff" * 8))
    program = [sys.executable, "-I", str(ROOT / "dreamface_addon/setup/check.py"), "keep", str(temporary), str(wheels)]
    printed = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    lines = [f"not kept: {wheel.name}" for wheel in (half, broken, squeezed)]
    assert sorted(printed.splitlines()) == sorted([f"kept: {whole.name}", *lines])
    assert [path.name for path in wheels.iterdir()] == [whole.name] and not any(temporary.iterdir())


def test_what_cannot_be_kept_is_no_reason_to_keep_the_rest_lying_about(tmp_path: Path) -> None:
    temporary, wheels = tmp_path / "tmp", tmp_path / "wheels"
    make_wheel(temporary / "pip-unpack-1", "whole", "1", {"whole/__init__.py": "1"})
    wheels.write_text("a file where the folder should be")
    program = [sys.executable, "-I", str(ROOT / "dreamface_addon/setup/check.py"), "keep", str(temporary), str(wheels)]
    assert subprocess.run(program, capture_output=True).returncode != 0
    assert not any(temporary.iterdir())


def test_a_record_that_a_power_cut_emptied_is_mended(finished: Place) -> None:
    record = EnvironmentFolder(finished.folder).packages / "anny-0.6.2.dist-info/RECORD"
    record.write_bytes(bytes(200_000))  # torch's is as long
    assert mended(finished) == "half-installed: anny-0.6.2.dist-info\n"


def test_the_next_blender_knows_of_a_set_up_that_was_not_finished(begun: Place) -> None:
    shutil.move(begun.folder / "venv", begun.folder / "later")
    setup = begun.setup()
    setup.take_up()
    assert (setup.state, setup.problem) == ("idle", "") and not was_interrupted(begun.folder)

    shutil.move(begun.folder / "later", begun.folder / "venv")
    setup.start()
    wait_for(setup, "facts")
    setup.cancel()

    assert was_interrupted(begun.folder)
    next_time = begun.setup()
    next_time.take_up()
    assert next_time.state == "cancelled"
    assert next_time.problem.startswith("Set-up was not finished: what is there already is kept")


def test_an_update_is_no_unfinished_set_up(finished: Place) -> None:
    backend_wheel(finished.wheel.parent, BACKEND | {"dreamface/news.py": ""})
    assert not is_ready(finished.folder, finished.wheel) and not was_interrupted(finished.folder)


def test_two_blenders_do_not_set_up_at_once(begun: Place, silent_index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", silent_index)
    first, second = begun.setup(), begun.setup()
    first.start()
    wait_for(first, "Looking in indexes")
    before = first.log.read_text("utf-8")
    second.start()
    assert second.state == "elsewhere" and "Another Blender" in second.problem
    assert first.log.read_text("utf-8") == before, "the second leaves the first's log alone"

    third = begun.setup()
    third.take_up()
    assert third.state == "elsewhere"
    assert third.problem.startswith("Another Blender is setting DreamFace up")
    first.cancel()
    third.take_up()
    assert third.state == "cancelled" and third.problem.startswith("Set-up was not finished")


def test_another_blender_knows_of_a_set_up_from_its_first_moment_to_its_end(finished: Place) -> None:
    setup = finished.setup()
    with try_lock(EnvironmentFolder(finished.folder).lock):
        for number in range(2):
            setup.take_up()
            assert setup.state == "elsewhere" and "wait until it has finished" in setup.problem, number
    setup.take_up()
    assert (setup.state, setup.message, setup.problem) == ("idle", "", ""), "the other one has come to its end"
    setup.start()
    setup.take_up()
    assert setup.state == "checking", "a set-up of one's own is none of another Blender's"
    setup.cancel()


def test_looking_for_another_blenders_set_up_makes_no_folder(place: Place) -> None:
    setup = place.setup()
    setup.take_up()
    assert setup.state == "idle" and not place.folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows the lock ends with Blender")
def test_what_a_crashed_blender_left_running_is_waited_for(begun: Place, silent_index: str) -> None:
    crashes = f"""
import os, sys, time
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from dreamface_addon.setup.environment import Setup
place = [Path(text) for text in {[str(begun.folder), str(begun.wheel), str(begun.constraints), sys.executable]!r}]
setup = Setup(*place, True)
setup.start()
while "Looking in indexes" not in setup.log.read_text("utf-8"):
    setup.poll()
    time.sleep(0.01)
print(setup._command._process.pid)
os._exit(1)
"""
    changed = {**os.environ, "PIP_INDEX_URL": silent_index}
    del changed["PIP_NO_INDEX"]
    crashed = subprocess.run([sys.executable, "-c", crashes], env=changed, capture_output=True, text=True, timeout=60)
    try:
        second = begun.setup()
        second.start()
        assert "Another Blender" in second.problem
    finally:
        os.kill(int(crashed.stdout), 9)
    until = time.monotonic() + 10
    while second.state == "elsewhere" and time.monotonic() < until:
        time.sleep(0.05)
        second.start()
    assert finish(second).state == "done"


# ---------------------------------------------------------------------------------------------------------- torch by uv


@pytest.fixture
def no_own_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip's settings name no index: what the tests' own settings are for is hidden from the look at them."""
    monkeypatch.setattr(steps, "_OWN_INDEX", re.compile("nothing has this"))


def test_uv_takes_the_cpu_build_whatever_card_there_is(begun: Place, no_own_index: None, nvidia_card: None) -> None:
    make_wheel(begun.packages, "uv", "0.13.8", {"uv/__init__.py": "", "uv/__main__.py": UV_THAT_INSTALLS})
    setup = set_up(begun)
    assert setup.state == "done"
    assert "build: --torch-backend=cpu\n" in setup.log.read_text("utf-8")
    assert not is_for_accelerator(begun.folder)


def test_uv_takes_the_cards_build_for_models_that_use_it(
    finished: Place, no_own_index: None, nvidia_card: None
) -> None:
    make_wheel(finished.packages, "uv", "0.13.8", {"uv/__init__.py": "", "uv/__main__.py": UV_THAT_INSTALLS})
    setup = set_up(finished, accelerator=True)
    assert setup.state == "done"
    assert "build: --torch-backend=auto\n" in setup.log.read_text("utf-8")
    assert is_for_accelerator(finished.folder)


def make_cuda_torch(packages: Path) -> None:
    """torch as pip is offered it on Linux: linked with some of NVIDIA's libraries, and asking for all."""
    needs = ("triton==3.7.1", "cuda-toolkit[cublas,cusolver]==13.0.3", "cuda-bindings<14")
    files = {"torch/__init__.py": "import cublas\n", "torch/lib/libtorch_cuda.so": ""}
    make_wheel(packages, "torch", "2.13.0", files, needs)
    extras = ('cublas; extra == "cublas"', 'cusolver; extra == "cusolver"')
    make_wheel(packages, "cuda_toolkit", "13.0.3", {}, extras, extras=("cublas", "cusolver"))
    for name in ("triton", "cublas", "cusolver", "cuda_bindings"):
        make_wheel(packages, name, "3.7.1", {f"{name}/__init__.py": ""})


FOR_CARDS = ("triton", "cusolver", "cuda_bindings")


def installed(place: Place) -> set[str]:
    return {info.name.split("-")[0] for info in EnvironmentFolder(place.folder).packages.glob("*.dist-info")}


def test_what_only_a_card_uses_comes_with_the_models_that_use_one(begun: Place, nvidia_card: None) -> None:
    make_cuda_torch(begun.packages)
    assert set_up(begun).state == "done"
    assert {"torch", "cublas"} <= installed(begun) and not installed(begun).intersection(FOR_CARDS)
    assert mended(begun) == "", "what was taken off torch's list does not look half-installed"

    with_card = set_up(begun, accelerator=True)
    assert with_card.state == "done" and is_for_accelerator(begun.folder)
    assert installed(begun) >= {"torch", "cublas", *FOR_CARDS}


def test_an_update_keeps_the_torch_that_was_chosen_for_a_card(finished: Place, nvidia_card: None) -> None:
    assert any("torch" in command for command in list(drive(finished, accelerator=True)))
    assert is_for_accelerator(finished.folder)
    again = list(drive(finished))
    assert len(again) == 2 and "uninstall" in again[0] and str(finished.wheel) in again[1], "the engine alone"
    assert is_for_accelerator(finished.folder)


def test_a_machine_without_a_card_is_told_so_and_keeps_what_it_has(finished: Place) -> None:
    setup = finished.setup(accelerator=True)
    setup.start()
    assert finish(setup).state == "failed" and "No NVIDIA card was found" in setup.problem
    assert set_up(finished).state == "done"


@pytest.mark.parametrize("uv", ["fails", "is not there"])
def test_without_uv_pip_installs_torch(begun: Place, no_own_index: None, uv: str) -> None:
    if uv == "fails":
        program = "raise SystemExit('error: Failed to fetch: dns error')\n"
        make_wheel(begun.packages, "uv", "0.13.8", {"uv/__init__.py": "", "uv/__main__.py": program})
    setup = set_up(begun)
    assert setup.state == "done"
    assert re.search(r"-m pip install .* uv -c", setup.log.read_text("utf-8"))
    assert begun.version("torch") == "2.13.0"


# ----------------------------------------------------------------------------------------------------------- bad input


def problem(place: Place, **changes) -> str:
    """The sentence that setting up ends with."""
    setup = place.setup(**changes)
    setup.start()
    finish(setup)
    assert setup.state == "failed"
    assert not is_ready(place.folder, place.wheel)
    assert setup.problem.endswith(".") and "\n" not in setup.problem
    return setup.problem


def test_offline_says_where_to_allow_it_and_touches_nothing(place: Place) -> None:
    assert "Preferences > System > Network" in problem(place, online=False)
    assert not place.folder.exists()


def test_a_full_disk_is_noticed_before_anything_is_downloaded(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9e9, 8e9, 1e9))
    sentence = problem(place)
    assert re.search(r"needs \d+ GB of disk .* has 1\.0 GB", sentence)
    assert not environment_python(place.folder).exists()


# --------------------------------------------------------------------------------------------------------------- video


def test_video_is_part_of_set_up_without_what_mediapipe_asks_for(begun: Place) -> None:
    begun.offer_video()
    assert set_up(begun, video=True).state == "done"
    assert {"mediapipe", "imageio_ffmpeg"} <= installed(begun)
    assert video_problem(begun.folder) == ""
    assert is_ready(begun.folder, begun.wheel)


def test_without_video_all_else_is_set_up(begun: Place) -> None:
    setup = set_up(begun, video=True)
    assert (setup.state, setup.problem) == ("done", "")
    assert is_ready(begun.folder, begun.wheel)
    assert "not offered for this machine" in str(video_problem(begun.folder))


def test_video_is_tried_before_it_is_said_to_work(finished: Place) -> None:
    finished.offer_video("raise OSError('libEGL.so.1: cannot open shared object file')")
    assert set_up(finished, video=True).state == "done"
    assert video_problem(finished.folder) == (
        "Faces in video can't be followed, because the system lacks libEGL.so.1: install it, then press Add Video."
    )
    assert is_ready(finished.folder, finished.wheel)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full: free some space, then press Add Video."),
        ("WARNING: [Errno -3] name resolution\nERROR: No matching distribution found for x", "could not be reached"),
        ("ERROR: No matching distribution found for mediapipe==1.0.0", "Live Link Face and streams of a phone work"),
        ("Traceback\nImportError: no", "installing it failed: see the log, then press Add Video to try again."),
    ],
)
def test_why_there_is_no_video_is_one_sentence(output: str, sentence: str) -> None:
    said = explain_without_video(output)
    assert said.startswith("Faces in video can't be followed, because ") and sentence in said
    assert said.count(".") == 1


def test_video_is_added_to_an_engine_without_touching_it(finished: Place) -> None:
    assert video_problem(finished.folder) is None
    before = (finished.folder / "finished.json").stat().st_mtime_ns
    for torch in finished.packages.glob("torch-*"):
        torch.unlink()  # so that setting all up again would fail
    assert set_up(finished, video=True).state == "done"
    assert "not offered" in str(video_problem(finished.folder))
    assert is_ready(finished.folder, finished.wheel), "the engine stays as it was"

    finished.offer_video()
    setup = set_up(finished, video=True)
    assert (setup.state, setup.fraction) == ("done", 1.0)
    assert video_problem(finished.folder) == "" and "mediapipe" in installed(finished)
    assert before <= (finished.folder / "finished.json").stat().st_mtime_ns
    log = setup.log.read_text("utf-8")
    assert "torch" not in log, "nothing else is asked for"


def test_cancelling_to_add_video_leaves_the_engine_ready(finished: Place) -> None:
    finished.offer_video()
    setup = finished.setup(video=True)
    setup.start()
    setup.cancel()
    assert setup.state == "cancelled"
    assert is_ready(finished.folder, finished.wheel)
    assert set_up(finished, video=True).state == "done"
    assert video_problem(finished.folder) == ""


# ----------------------------------------------------------------------------------------------------------- diffusion


def test_diffusion_is_part_of_set_up_where_it_is_chosen(begun: Place) -> None:
    begun.offer_diffusion()
    assert set_up(begun, diffusion=True).state == "done"
    assert "diffusers" in installed(begun)
    assert diffusion_problem(begun.folder) == ""
    assert is_ready(begun.folder, begun.wheel)


def test_without_diffusion_all_else_is_set_up(finished: Place) -> None:
    assert diffusion_problem(finished.folder) is None, "nobody has asked for it"
    setup = set_up(finished, diffusion=True)
    assert (setup.state, setup.problem) == ("done", "")
    assert is_ready(finished.folder, finished.wheel)
    assert "not offered for this machine: all that DreamFace makes by itself" in str(diffusion_problem(finished.folder))


def test_diffusion_is_tried_before_it_is_said_to_work(finished: Place) -> None:
    finished.offer_diffusion("raise RuntimeError('no')")
    assert set_up(finished, diffusion=True).state == "done"
    assert diffusion_problem(finished.folder) == (
        "Diffusion can't be used, because installing it failed: see the log, then press Add Diffusion to try again."
    )


def test_diffusion_is_added_to_an_engine_without_touching_it(finished: Place) -> None:
    finished.offer_diffusion()
    for torch in finished.packages.glob("torch-*"):
        torch.unlink()  # so that setting all up again would fail
    setup = set_up(finished, diffusion=True)
    assert (setup.state, setup.fraction) == ("done", 1.0)
    assert diffusion_problem(finished.folder) == "" and "diffusers" in installed(finished)
    assert is_ready(finished.folder, finished.wheel), "the engine stays as it was"
    assert "uninstall" not in setup.log.read_text("utf-8")
    assert video_problem(finished.folder) is None, "which nobody has asked for"


def test_a_damaged_package_is_put_back_before_diffusion_is_added(finished: Place) -> None:
    finished.offer_diffusion()
    record = EnvironmentFolder(finished.folder).packages / "anny-0.6.2.dist-info/RECORD"
    record.write_bytes(b"")
    setup = set_up(finished, diffusion=True)
    assert setup.state == "done", setup.problem
    assert diffusion_problem(finished.folder) == "" and "anny" in installed(finished)


@pytest.mark.slow
def test_an_engine_that_does_not_start_is_set_up_anew_with_what_is_added(finished: Place) -> None:
    finished.offer_diffusion()
    broken = EnvironmentFolder(finished.folder).packages / "sitecustomize.py"
    broken.write_text("raise SystemExit(3)")
    setup = set_up(finished, diffusion=True)
    assert setup.state == "done", setup.problem
    assert not broken.exists(), "it was made anew"
    assert diffusion_problem(finished.folder) == "" and is_ready(finished.folder, finished.wheel)


def test_video_and_diffusion_are_added_at_once_and_only_what_is_missing(finished: Place) -> None:
    finished.offer_diffusion()
    finished.offer_video()
    assert set_up(finished, video=True, diffusion=True).state == "done"
    assert (video_problem(finished.folder), diffusion_problem(finished.folder)) == ("", "")
    (finished.folder / "diffusion").write_text("Diffusion can't be used, because of the moon.")
    setup = set_up(finished, video=True, diffusion=True)
    assert diffusion_problem(finished.folder) == ""
    assert "mediapipe" not in setup.log.read_text("utf-8")


def test_why_there_is_no_diffusion_is_one_sentence() -> None:
    said = explain_without_diffusion("ERROR: [Errno 28] No space left on device")
    assert said == "Diffusion can't be used, because the disk is full: free some space, then press Add Diffusion."


def test_the_extra_for_diffusion_has_exact_versions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()}
    wanted = {re.split("[><=]", one)[0] for one in project["optional-dependencies"]["diffusion"]}
    assert wanted == {"accelerate", "diffusers", "open_clip_torch", "peft", "spandrel", "transformers"}
    assert wanted | {"torchvision", "timm", "ftfy", "einops"} <= pinned


@pytest.fixture
def nvidia_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that says there is a card."""
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    driver = tmp_path / "bin" / "nvidia-smi"
    driver.parent.mkdir()
    driver.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA RTX (UUID: GPU-1)'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(driver.parent), prepend=os.pathsep)


@pytest.mark.parametrize(("accelerator", "needed"), [(False, 4), (True, 12)])
def test_a_card_needs_more_disk_only_if_models_are_to_use_it(
    place: Place, nvidia_card: None, monkeypatch: pytest.MonkeyPatch, accelerator: bool, needed: int
) -> None:
    monkeypatch.setattr(steps.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9e9, 0, 3e9))
    assert f"needs {needed} GB" in problem(place, accelerator=accelerator)


def drive(place: Place, *, accelerator: bool = False) -> Iterator[list[str]]:
    """Give pip's commands in turn, which are taken for done, as is making an environment; the rest is run."""
    folder, python = EnvironmentFolder(place.folder), Path(sys.executable)
    programs = steps.EnvironmentSteps(folder, place.wheel, place.constraints, python, accelerator).everything()
    with contextlib.suppress(StopIteration):
        program = next(programs)
        while True:
            command = [str(word) for word in program.arguments]
            if {"venv", "pip"}.intersection(command):
                yield command
                program = programs.send((0, ""))
            else:
                done = subprocess.run(command, capture_output=True, text=True)
                program = programs.send((done.returncode, done.stdout))


def refused(place: Place, free_gb: float, monkeypatch: pytest.MonkeyPatch, *, accelerator: bool = False) -> str:
    """What set-up says before it downloads or makes anything, or nothing where it goes on."""
    usage = shutil._ntuple_diskusage(99e9, 0, free_gb * 1e9)
    monkeypatch.setattr(steps.shutil, "disk_usage", lambda path: usage)
    try:
        next(drive(place, accelerator=accelerator))
    except steps.SetupError as error:
        return str(error)
    return ""


def put_there(place: Place, *packages: str) -> None:
    """Install packages by nothing but unpacking them."""
    for package in packages:
        (wheel,) = place.packages.glob(f"{package}-*.whl")
        shutil.unpack_archive(wheel, EnvironmentFolder(place.folder).packages, "zip")


def weigh(file: Path, gigabytes: float) -> None:
    """Make a file as large as this, without taking the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as opened:
        opened.truncate(int(gigabytes * 1e9))


def test_nvidias_libraries_that_torch_is_linked_with_need_disk_too(
    begun: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cuda_torch(begun.packages)
    (begun.packages / "torch-2.14.0-py3-none-any.whl").unlink()
    put_there(begun, "torch")  # as after pip brought it and the artist cancelled
    assert "needs 9 GB" in refused(begun, 8.5, monkeypatch)
    weigh(begun.folder / "pip-cache/torch", 0.6)
    weigh(EnvironmentFolder(begun.folder).packages / "nvidia/half.so", 1.9)
    assert "needs 7 GB" in refused(begun, 6.2, monkeypatch), "what is there already needs no room"
    assert refused(begun, 6.6, monkeypatch) == ""
    put_there(begun, "cuda_toolkit", "triton", "cuda_bindings")
    assert refused(begun, 2.1, monkeypatch) == ""
    assert "needs 2 GB" in refused(begun, 1.9, monkeypatch)


def test_a_cards_libraries_need_disk_after_torch_itself_has_come(
    begun: Place, nvidia_card: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cuda_torch(begun.packages)
    (begun.packages / "torch-2.14.0-py3-none-any.whl").unlink()
    put_there(begun, "torch")
    (begun.folder / "accelerator").touch()
    assert "needs 12 GB" in refused(begun, 9.0, monkeypatch)


def test_downloads_of_an_earlier_try_need_no_disk_again(begun: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "needs 4 GB" in refused(begun, 3.5, monkeypatch)
    weigh(begun.folder / "uv-cache/torch", 0.6)
    assert refused(begun, 3.5, monkeypatch) == ""


def test_an_environment_that_is_made_again_needs_disk_for_torch(begun: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put_there(begun, "anny")
    (begun.packages / "torch-2.14.0-py3-none-any.whl").unlink()
    put_there(begun, "torch")
    assert refused(begun, 3.5, monkeypatch) == ""
    environment_python(begun.folder).unlink()
    assert "needs 4 GB" in refused(begun, 3.5, monkeypatch), "the torch that is there goes with the old environment"


@pytest.mark.parametrize("missing", ["wheel", "constraints"])
def test_an_extension_without_its_backend_is_installed_again(place: Place, missing: str) -> None:
    getattr(place, missing).unlink()
    assert "install DreamFace's zip again" in problem(place)


def test_a_python_that_the_backend_does_not_run_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "OLDEST_PYTHON", (3, 99))
    sentence = problem(place)
    assert f"{platform.python_version()} (64 bits)" in sentence and "needs 3.99" in sentence


def test_a_blender_without_its_python(place: Place, tmp_path: Path) -> None:
    assert "no python does not start: No such file" in problem(place, python=tmp_path / "no python")


def test_a_folder_that_cannot_be_written(place: Place) -> None:
    place.folder.parent.parent.mkdir(parents=True, exist_ok=True)
    place.folder.parent.write_text("a file where the folder should be")
    assert "cannot be written" in problem(place)


def test_an_index_that_cannot_be_reached(begun: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    (begun.packages / "torch-2.13.0-py3-none-any.whl").unlink()
    assert "check the network" in problem(begun)


def test_a_package_that_is_not_offered(begun: Place) -> None:
    (begun.packages / "anny-0.6.2-py3-none-any.whl").unlink()
    assert "not offered for this machine" in problem(begun)


def test_a_torch_that_does_not_start(begun: Place) -> None:
    failing = "raise ImportError('DLL load failed while importing _C: The specified module could not be found.')\n"
    make_wheel(begun.packages, "torch", "2.13.0", {"torch/__init__.py": failing})
    assert "Visual C++ Redistributable" in problem(begun)


def test_a_backend_that_does_not_start_says_why_and_names_the_log(begun: Place) -> None:
    begun.wheel = backend_wheel(begun.wheel.parent, {"dreamface/__init__.py": "", "dreamface/__main__.py": "no.thing"})
    sentence = problem(begun)
    assert "NameError: name 'no' is not defined" in sentence and "setup.log" in sentence


# ---------------------------------------------------------------------------------------------------------- pip's words


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: [Errno -3] Temporary failure in name resolution\nERROR: No matching distribution", "network"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "damaged"),
        ("ERROR: No matching distribution found for torch==2.13.0", "not offered for this machine"),
        ("[WinError 32] The process cannot access the file because it is being used by another process", "antivirus"),
        ("ERROR: [Errno 13] Permission denied: '/opt/x'", "Files in /home/me/e cannot be written"),
        (
            "HINT: This error might have occurred since this system does not have Windows Long Path support",
            "long paths",
        ),
        ("The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"),
        ("noise\nERROR: metadata-generation-failed\nmore", "(ERROR: metadata-generation-failed)"),
    ],
)
def test_what_is_printed_becomes_a_sentence(output: str, sentence: str) -> None:
    assert sentence in explain(output, Path("/home/me/e"), Path("/home/me/e/setup.log"))


def test_progress_follows_downloads_by_their_size(tmp_path: Path) -> None:
    progress = PipProgress(1000.0, tmp_path / "packages", tmp_path / "tmp")
    output = "Collecting torch\n  Downloading torch-2.13.0-cp311.whl.metadata (31 kB)\n"
    assert progress.fraction(output) == 0.0

    output += "Downloading torch-2.13.0-cp311.whl (600.0 MB)\n"
    arriving = tmp_path / "tmp/pip-unpack-x/torch-2.13.0-cp311.whl"
    arriving.parent.mkdir(parents=True)
    with arriving.open("wb") as file:
        file.truncate(300_000_000)
    half_way = progress.fraction(output)
    assert progress.message == "Downloading torch (600 MB)"
    assert half_way == pytest.approx(0.7 * 0.3)

    assert progress.fraction(output + "Downloading nvidia_cudnn-9.whl (1.2 GB)\n") == pytest.approx(0.7 * 0.6)
    assert progress.message == "Downloading nvidia_cudnn (1.2 GB)"


def test_progress_follows_what_is_unpacked(tmp_path: Path) -> None:
    progress = PipProgress(10.0, tmp_path, tmp_path)
    output = "Downloading rich-15.whl (10.0 MB)\nInstalling collected packages: rich, typing_extensions\n"
    assert progress.fraction(output) == pytest.approx(0.7)
    (tmp_path / "typing_extensions-4.16.0.dist-info").mkdir()
    assert progress.fraction(output) == pytest.approx(0.85)
    assert progress.message == "Unpacking 2 packages"


def test_the_pythons_are_those_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (oldest, newest) = steps.OLDEST_PYTHON, steps.NEWEST_PYTHON
    assert project["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"


# ------------------------------------------------------------------------------------------------------------ for real


@pytest.mark.slow
def test_the_real_backend_is_set_up(tmp_path: Path) -> None:
    """As in Blender, with whatever index pip is set up for here: some gigabytes and minutes."""
    command = [sys.executable, "tools/build_extension.py", "-o", str(tmp_path / "dreamface.zip")]
    subprocess.run(command, cwd=ROOT, check=True)
    with zipfile.ZipFile(tmp_path / "dreamface.zip") as file:
        file.extractall(tmp_path / "extension")
    (wheel,) = (tmp_path / "extension/backend").glob("*.whl")
    constraints = tmp_path / "extension/backend/constraints.txt"
    setup = Setup(tmp_path / "Мои файлы" / "environment", wheel, constraints, Path(sys.executable), True)
    setup.start()
    assert finish(setup, 1500).state == "done", setup.problem
    command = [str(environment_python(tmp_path / "Мои файлы" / "environment")), "-I", "-m", "dreamface"]
    face = subprocess.run([*command, "read", "a big nose", "--json"], capture_output=True, text=True, check=True)
    assert "nose.width" in face.stdout
