"""run.py: when it sets up, when it does not, and what it says when it can't."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

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

    def make_environment(root: Path, python: list[str]) -> None:
        python_path = run.environment_python(root)
        python_path.parent.mkdir(parents=True, exist_ok=True)
        python_path.symlink_to(sys.executable)
        (root / ".venv" / "pyvenv.cfg").write_text("version = 3.11.7")

    monkeypatch.setattr(run, "make_environment", make_environment)
    monkeypatch.setattr(run, "install", lambda root: None)
    return root


def test_the_second_start_sets_nothing_up(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.ready_python(checkout)

    monkeypatch.setattr(run, "set_up", lambda root: pytest.fail("set up twice"))
    assert run.ready_python(checkout) == run.environment_python(checkout)


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt", ".venv/pyvenv.cfg"])
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

    run.make_environment(tmp_path / "a b", [sys.executable])

    assert run.works([str(run.environment_python(tmp_path / "a b"))], "import pip")
    assert not (broken / "lib" / "half").exists()
    assert (broken / "lock").exists()


def test_a_full_disk_is_noticed_before_anything_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1e9}))
    with pytest.raises(run.SetupError, match=r"4 GB.*has 1\.0 GB"):
        run.make_environment(tmp_path, [sys.executable])


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
    run.make_environment(tmp_path, [sys.executable])
    assert (
        "6.0 GB free; torch's GPU build, if pip chooses it, may need up to 10 GB" in capsys.readouterr().err
    ) is warned


def test_the_users_files_never_replace_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "venv.py").write_text("raise SystemExit(1)")
    (tmp_path / "secrets.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "ready_python", lambda root: Path(sys.executable))
    assert run.works([sys.executable], "import venv, secrets")
    assert run.main(["show", "nowhere"]) == 1, "a sentence, not a bug"


def test_a_python_without_venv_names_debians_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(run, "works", lambda python, code: False)
    with pytest.raises(run.SetupError, match=r"apt install python3\.11-venv"):
        run.make_environment(tmp_path, [sys.executable])


def test_without_the_right_python_it_says_which_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "works", lambda python, code: False)
    with pytest.raises(run.SetupError, match=r"needs Python 3\.11.*this is Python"):
        run.find_python()


def test_another_python_on_path_is_used_where_this_one_is_unsuitable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "works", lambda python, code: python == ["py", "-3.11"])
    assert run.find_python() == ["py", "-3.11"]


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
