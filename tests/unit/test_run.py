"""run.py: when it sets up, when it does not, and what it says when it can't."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from dreamface.cli import doctor

ROOT = Path(__file__).resolve().parents[2]


def load_run() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dreamface_run", ROOT / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = load_run()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in a folder with a space, whose set-up takes no time and installs nothing."""
    root = tmp_path / "my projects" / "dreamface"
    root.mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]")
    (root / "constraints.txt").write_text("torch==2.13.0")
    (root / "video.txt").write_text("mediapipe")

    def make_environment(root: Path, python: list[str], version: str) -> None:
        python_path = run.environment_python(root)
        python_path.parent.mkdir(parents=True, exist_ok=True)
        python_path.symlink_to(sys.executable)
        (root / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7")

    monkeypatch.setattr(run, "make_environment", make_environment)
    monkeypatch.setattr(run, "install", lambda root: None)
    monkeypatch.setattr(run, "install_video", lambda root: None)
    return root


def test_the_second_start_sets_nothing_up(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.ready_python(checkout)

    monkeypatch.setattr(run, "set_up", lambda root: pytest.fail("set up twice"))
    assert run.ready_python(checkout) == run.environment_python(checkout)


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt", "video.txt", ".venv/pyvenv.cfg"])
def test_a_change_of_what_is_installed_sets_up_again(checkout: Path, changed: str) -> None:
    run.ready_python(checkout)
    (checkout / changed).write_text("something else")

    assert not run.is_ready(checkout)
    run.ready_python(checkout)
    assert run.is_ready(checkout)


def test_a_moved_checkout_sets_up_again(checkout: Path) -> None:
    run.ready_python(checkout)

    assert not run.is_ready(checkout.rename(checkout.with_name("moved")))


def test_an_environment_without_its_python_is_made_again(checkout: Path) -> None:
    run.ready_python(checkout)
    run.environment_python(checkout).unlink()

    assert not run.is_ready(checkout)
    run.ready_python(checkout)
    assert run.environment_python(checkout).exists()


def test_an_interrupted_set_up_is_finished_by_the_next_start(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(root: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.ready_python(checkout)
    assert not run.is_ready(checkout)

    run.ready_python(checkout)
    assert run.is_ready(checkout)


def test_a_failed_update_leaves_the_old_environment_unready(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.ready_python(checkout)
    before = (checkout / "constraints.txt").read_text()
    (checkout / "constraints.txt").write_text("torch==99")

    def fails(root: Path) -> None:
        raise run.SetupError("no")

    monkeypatch.setattr(run, "install", fails)
    with pytest.raises(run.SetupError):
        run.ready_python(checkout)
    (checkout / "constraints.txt").write_text(before)
    assert not run.is_ready(checkout), "half of the packages may be of the failed version"


def test_a_second_start_waits_and_says_so(checkout: Path) -> None:
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with run.setup_lock(checkout, said.append):
            order.append("second")

    with run.setup_lock(checkout, said.append):
        assert said == []
        waiter = threading.Thread(target=second)
        waiter.start()
        deadline = time.monotonic() + 5
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        order.append("first")
    waiter.join(timeout=5)
    assert order == ["first", "second"]
    assert len(said) == 1 and "waiting" in said[0]


def test_the_real_environment_is_made_over_a_broken_one(tmp_path: Path) -> None:
    broken = tmp_path / "a b" / ".venv"
    (broken / "lib").mkdir(parents=True)
    (broken / "lib" / "half").write_text("")
    (broken / "lock").write_text("")

    run.make_environment(tmp_path / "a b", [sys.executable], "3.11")

    assert run.works([str(run.environment_python(tmp_path / "a b"))], "import pip")
    assert not (broken / "lib" / "half").exists()
    assert (broken / "lock").exists()


def test_a_full_disk_is_noticed_before_anything_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1e9}))
    with pytest.raises(run.SetupError, match=r"4 GB.*has 1\.0 GB"):
        run.make_environment(tmp_path, [sys.executable], "3.11")


@pytest.mark.parametrize(("system", "warned"), [("linux", True), ("win32", False), ("darwin", False)])
def test_little_disk_for_torchs_gpu_build_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    system: str,
    warned: bool,
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 6e9}))
    monkeypatch.setattr(run.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, "", ""))
    monkeypatch.setattr(run.sys, "platform", system)
    run.make_environment(tmp_path, [sys.executable], "3.11")
    assert (
        "6.0 GB free; torch's GPU build, if pip chooses it, may need up to 9 GB" in capsys.readouterr().err
    ) is warned


def test_the_users_files_never_replace_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("venv", "secrets", "argparse", "dreamface"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "ready_python", lambda root: Path(sys.executable))
    assert run.works([sys.executable], "import venv, secrets")
    assert run.main(["traits", "hair"]) == 0


@pytest.mark.parametrize("version", ["3.11", "3.13", "3.12"])
def test_a_python_without_venv_names_debians_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run, "works", lambda python, code: False)
    with pytest.raises(run.SetupError, match=rf"apt install python{re.escape(version)}-venv"):
        run.make_environment(tmp_path, ["python"], version)


THIS = "this one"


def use_machine(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    monkeypatch.setattr(run.sys, "platform", system)
    monkeypatch.setattr(run.platform, "machine", lambda: machine)


def found(monkeypatch: pytest.MonkeyPatch, here: str, there: list[str]) -> str:
    """Which Python run.py takes if it was started by version `here` and the commands `there` are on PATH."""

    def works(command: list[str], code: str) -> bool:
        wanted = re.search(r"'(3\.\d+)'", code)
        assert wanted is not None
        if command == [THIS]:
            return wanted.group(1) == here
        return " ".join(command) in there and command[-1].endswith(wanted.group(1))

    use_machine(monkeypatch, "linux", "x86_64")
    monkeypatch.setattr(run.sys, "_base_executable", THIS)
    monkeypatch.setattr(run.sys, "version_info", (*map(int, here.split(".")), 0))
    monkeypatch.setattr(run, "works", works)
    command, version = run.find_python()
    return f"{' '.join(command)} {version}"


@pytest.mark.parametrize(
    ("here", "there", "taken"),
    [
        ("3.11", ["python3.13"], "this one 3.11"),
        ("3.13", ["python3.11"], "this one 3.13"),
        ("3.12", ["python3.13", "python3.11"], "python3.11 3.11"),  # for .blend files
        ("3.12", ["python3.13"], "python3.13 3.13"),
        ("3.12", [], "this one 3.12"),
        ("3.9", ["python3.12", "python3.13"], "python3.13 3.13"),
        ("3.14", ["python3.12"], "python3.12 3.12"),
        ("3.14", ["py -3.13"], "py -3.13 3.13"),
    ],
)
def test_the_python_that_was_started_is_used_unless_another_writes_blend_files(
    monkeypatch: pytest.MonkeyPatch, here: str, there: list[str], taken: str
) -> None:
    assert found(monkeypatch, here, there) == taken


def test_without_a_python_that_fits_it_says_which_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(run.SetupError, match=r"needs Python 3\.11, 3\.12 or 3\.13, and this is Python 3\.10\."):
        found(monkeypatch, "3.10", [])


@pytest.mark.parametrize(
    ("version", "system", "machine", "advice"),
    [
        ("3.11", "linux", "x86_64", None),
        ("3.13", "linux", "x86_64", None),
        ("3.12", "linux", "x86_64", "To have them too, install Python 3.13,"),
        ("3.13", "darwin", "x86_64", "To have them too, install Python 3.11,"),
        ("3.13", "linux", "aarch64", "everything else works.\n"),
    ],
)
def test_a_python_without_blend_files_is_told_of_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    version: str,
    system: str,
    machine: str,
    advice: str | None,
) -> None:
    use_machine(monkeypatch, system, machine)
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, "", ""))
    run.make_environment(tmp_path, [sys.executable], version)
    said = capsys.readouterr().err
    assert said.count("Without .blend files") == (advice is not None)
    assert (advice or "") in said


@pytest.mark.parametrize(
    ("python", "system", "machine", "bpy"),
    [
        ("3.11", "linux", "x86_64", "4.5.15"),
        ("3.11", "darwin", "x86_64", "4.5.15"),
        ("3.11", "linux", "aarch64", None),
        ("3.12", "linux", "x86_64", None),
        ("3.13", "linux", "x86_64", "5.2.3"),
        ("3.13", "win32", "AMD64", "5.2.3"),
        ("3.13", "darwin", "arm64", "5.2.3"),
        ("3.13", "darwin", "x86_64", None),
        ("3.13", "linux", "aarch64", None),
        ("3.14", "linux", "x86_64", None),
    ],
)
def test_each_python_gets_the_bpy_that_is_built_for_it(
    monkeypatch: pytest.MonkeyPatch, python: str, system: str, machine: str, bpy: str | None
) -> None:
    use_machine(monkeypatch, system, machine)
    assert run.has_bpy(python) == (bpy is not None)
    place = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [Requirement(line) for line in project["optional-dependencies"]["blender"]]
    wanted = [one for one in wanted if one.marker is None or one.marker.evaluate(place)]
    assert len(wanted) == (bpy is not None)
    if bpy is not None:
        lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        pins = [Requirement(line) for line in lines if line.startswith("bpy==")]
        (pin,) = (one for one in pins if one.marker is None or one.marker.evaluate(place))
        assert str(pin.specifier) == f"=={bpy}" and bpy in wanted[0].specifier


def test_doctor_knows_the_pythons_that_the_package_names() -> None:
    wanted = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"])
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in wanted] == list(doctor.PYTHONS)


def test_a_program_that_is_not_there_does_not_work() -> None:
    assert not run.works(["no-such-python"], "")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: [Errno -3] Temporary failure in name resolution\nERROR: No matching distribution", "network"),
        ("ERROR: No matching distribution found for bpy==4.5.15", "not offered for this machine"),
        ("ERROR: [Errno 13] Permission denied: '/opt/x'", "cannot be written"),
        ("ERROR: metadata-generation-failed", "for the reason above"),
    ],
)
def test_what_pip_says_becomes_a_sentence(output: str, sentence: str) -> None:
    assert sentence in run.explain(output, Path("/home/me/dreamface"))


def test_pip_failing_shows_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "environment_python", lambda root: Path(sys.executable))
    with pytest.raises(run.SetupError, match=r"(?s)constraints\.txt.*Setting up failed"):
        run.install(tmp_path)  # there is no project in it


# --------------------------------------------------------------------------------------------------------------- video


def test_without_the_packages_for_video_all_else_is_set_up(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    root = checkout
    (root / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(run, "environment_python", lambda root: Path(sys.executable))
    monkeypatch.setattr(run, "works", lambda python, code: True)
    monkeypatch.setattr(run, "install", lambda root: None)
    fails = [sys.executable, "-c", "raise SystemExit('ERROR: No matching distribution found for mediapipe')"]
    monkeypatch.setattr(run, "pip", lambda root, *words: [*fails, *words])
    run.ready_python(root)
    said = capsys.readouterr().err
    assert "No matching distribution found for mediapipe\nWithout following faces in video" in said
    assert "--no-deps -r video.txt" in said
    assert run.is_ready(root), "it is not tried again at every start"


def pins(place: dict[str, str]) -> dict[str, str]:
    """Package -> version of constraints.txt, for a Python on a machine."""
    lines = [Requirement(line) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line[0] != "#"]
    chosen = [one for one in lines if one.marker is None or one.marker.evaluate(place)]
    return {one.name.lower(): str(one.specifier).removeprefix("==") for one in chosen}


@pytest.mark.parametrize(
    ("python", "system", "machine", "mediapipe"),
    [
        ("3.11", "linux", "x86_64", "0.10.21"),
        ("3.11", "linux", "aarch64", "1.0.0"),
        ("3.11", "win32", "AMD64", "0.10.21"),
        ("3.11", "darwin", "arm64", "0.10.21"),
        ("3.12", "linux", "x86_64", "1.0.0"),
        ("3.13", "darwin", "arm64", "1.0.0"),
        ("3.14", "win32", "AMD64", "1.0.0"),
    ],
)
def test_what_follows_faces_is_pinned_for_every_python(python: str, system: str, machine: str, mediapipe: str) -> None:
    place = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    lines = (ROOT / "video.txt").read_text("utf-8").splitlines()
    listed = [Requirement(line) for line in lines if not line.startswith("#")]
    wanted = [one.name for one in listed if one.marker is None or one.marker.evaluate(place)]
    versions = pins(place)
    assert set(wanted) <= set(versions)
    assert versions["mediapipe"] == mediapipe
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for line in project["optional-dependencies"]["video"]:
        asked = Requirement(line)
        if asked.marker is None or asked.marker.evaluate(place):
            assert asked.name in wanted and versions[asked.name] in asked.specifier


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("Downloading bpy-4.5.15-cp311-cp311-manylinux_2_28_x86_64.whl (372.9 MB)", "downloading bpy (373 MB)"),
        ("  Downloading torch-2.13.0-cp311.whl (1.2 GB)", "downloading torch (1200 MB)"),
        ("Downloading rich-15.0.0-py3-none-any.whl (243 kB)", ""),
        ("Downloading scipy-1.17.1-cp311.whl (3.1 MB)", ""),
        ("Installing collected packages: mpmath, torch", "unpacking (a minute or two)"),
        ("Requirement already satisfied: torch", ""),
    ],
)
def test_only_what_takes_long_is_told(line: str, meaning: str) -> None:
    assert run.milestone(line) == meaning


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(7)", 7), ("pass", 0)])
def test_the_programs_exit_code_is_passed_on(program: str, code: int) -> None:
    assert run.run([sys.executable, "-c", program]) == code


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die of")
def test_a_program_killed_by_a_signal_gives_the_shells_code() -> None:
    assert run.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137


def test_words_go_to_the_command_and_test_goes_to_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(run, "ready_python", lambda root: Path("python"))
    monkeypatch.setattr(run, "run", lambda command, folder=None: started.append(list(command)) or 0)

    run.main(["generate", "an old man", "--seed", "3"])
    run.main(["test", "-k", "folder"])
    run.main(["extension", "-o", "x.zip"])

    assert started == [
        ["python", "-P", "-m", "dreamface", "generate", "an old man", "--seed", "3"],
        ["python", "-m", "pytest", *run.IN_PARALLEL, "-k", "folder"],
        ["python", str(ROOT / "tools" / "build_extension.py"), "-o", "x.zip"],
    ]


def test_without_words_it_explains_itself() -> None:
    shown = subprocess.run([sys.executable, str(ROOT / "run.py")], capture_output=True, text=True)
    assert shown.returncode == 2
    assert "run.py generate" in shown.stdout


def test_ci_installs_what_doctor_knows_of() -> None:
    listed = re.search(r"libraries=\((.*?)\)", (ROOT / ".ci" / "run").read_text())
    assert listed is not None
    assert sorted(listed.group(1).split()) == sorted(doctor.BPY_LIBRARIES.values())
