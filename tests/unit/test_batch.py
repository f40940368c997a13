"""Many faces: tables, plans, workers that die, disks that are full, people who stop."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamface import cli
from dreamface._files import hold, sibling
from dreamface.batch import (
    Here,
    Outcome,
    PlannedRow,
    Processes,
    Result,
    Table,
    Wish,
    processes,
    read_table,
    run_batch,
)  # fmt: skip
from dreamface.batch.dispatching import NotBegun
from dreamface.batch.making import put
from dreamface.batch.outcome import failed_table
from dreamface.batch.pace import Pace
from dreamface.batch.stores import LOCK, store_of
from dreamface.batch.table import Failure, Row, check_name
from dreamface.errors import BadRequest, Busy, Cancelled, DreamFaceError, FolderError
from dreamface.progress import Progress, Step
from tests import batches

Run = Callable[..., Outcome]

PEOPLE = ["a man", "a woman", "an old man", "a girl", "a boy", "a young woman", "a fat man", "a tall woman"]


def table_of(tmp_path: Path, prompts: list[str], names: bool = True) -> Table:
    file = tmp_path / "cast.csv"
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        writer.writerow(["prompt", "name"])
        writer.writerows([prompt, f"f{number}" if names else ""] for number, prompt in enumerate(prompts))
    return read_table(file)


def wish(tmp_path: Path, **what: object) -> Wish:
    return Wish(tmp_path / "out", 512, **what)  # type: ignore[arg-type]


def workers(count: int = 2) -> Processes:
    return Processes(count, batches.make, batches.nothing)


def faces(out: Path) -> dict[str, dict[str, object]]:
    """Every folder of a batch, also one that should not be there, and what its face.json says."""
    return {
        path.name: json.loads((path / "face.json").read_text())
        for path in out.iterdir()
        if path.is_dir() and path.name != "page"
    }


# ------------------------------------------------------------------------------------------------------------- plans


def test_names_and_people_do_not_depend_on_how_many_work(tmp_path: Path) -> None:
    table = table_of(tmp_path, PEOPLE, names=False)
    first = run_batch(table, wish(tmp_path / "a"), Here(batches.make))
    (tmp_path / "b/out").mkdir(parents=True)
    (tmp_path / "b/out/batch.json").write_text((tmp_path / "a/out/batch.json").read_text())
    second = run_batch(table, wish(tmp_path / "b"), workers(3))
    assert first == second and first.names == first.made and len(first.made) == len(PEOPLE)
    assert first.made[:2] == ["a-man", "a-woman"]
    assert faces(tmp_path / "a/out") == faces(tmp_path / "b/out")
    seeds = [face["seed"] for face in faces(tmp_path / "a/out").values()]
    assert len(set(seeds)) == len(seeds)


def test_another_batch_has_other_people(tmp_path: Path) -> None:
    table = table_of(tmp_path, PEOPLE)
    for place in ("a", "b"):
        run_batch(table, wish(tmp_path / place), Here(batches.make))
    assert faces(tmp_path / "a/out") != faces(tmp_path / "b/out")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "damaged"), ('{"format": 1, "seed": -4}', "damaged"), ('{"format": 9, "seed": 4}', "newer DreamFace")],
)
def test_a_plan_that_cannot_be_read_is_said(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/batch.json").write_text(text)
    with pytest.raises(FolderError, match=reason):
        run_batch(table_of(tmp_path, PEOPLE), wish(tmp_path), Here(batches.make))
    assert not faces(tmp_path / "out")


@pytest.mark.parametrize(
    "name", ["a/b", "con", "NUL.txt", "lpt1", "com1.glb", "x.", ".x", "a:b", "batch.json", "Failed.CSV", "é" * 76]
)
def test_names_that_some_system_cannot_have(name: str) -> None:
    with pytest.raises(BadRequest):
        check_name(name)


def test_names_that_every_system_can_have() -> None:
    for name in ("ada", "Zoë", "console", "x.1", "nul-2", "é" * 75):
        check_name(name)


def test_tens_of_thousands_of_rows_are_looked_at_in_seconds(tmp_path: Path) -> None:
    file = tmp_path / "cast.csv"
    bad = {
        10: "a man,f9,1", 11: "a man,F9,1", 12: "a man,aux.png,1", 13: "a man,x.,1", 14: "a man,y,soon",
        15: "a man,z,4294967296", 16: ",q,1", 17: "a man,a,1,2,3", 18: '"a man,w,1', 19: "a man,cafe\u0301,",
        20: "a man,café,",
    }  # fmt: skip
    with file.open("w", encoding="utf-8") as text:
        text.write("prompt,name,seed\n")
        text.writelines(bad.get(line, f"a man of {line},f{line},") + "\n" for line in range(2, 30_002))
    asked: list[str] = []

    def note(rows: list, wish: Wish, progress_of: object) -> object:
        asked.extend(row.name for row in rows)
        return iter(())

    begun = time.process_time()
    outcome = run_batch(read_table(file), wish(tmp_path), Here(note))  # type: ignore[arg-type]
    assert time.process_time() - begun < 15.0
    assert [failure.line for failure in outcome.failures] == [*range(10, 19), 20]
    assert len(asked) == 30_000 - len(outcome.failures)


# ------------------------------------------------------------------------------------------------------------ failures


def test_failed_rows_are_a_table_that_can_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "cast.csv"
    file.write_text('Prompt,look,seed\na man,x,1\n"unlucky, bald",y,2\n,z,\nan old man, bald\n"odd\n', "utf-8")
    outcome = run_batch(read_table(file), wish(tmp_path), workers())
    assert outcome.made == ["a-man", "an-old-man"] and [failure.line for failure in outcome.failures] == [3, 4, 6]
    failed = tmp_path / "out/failed.csv"
    with failed.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == ["Prompt", "look", "seed", "name", "line", "reason"]
    assert [row["line"] for row in rows] == ["3", "4", "6"] and rows[2]["Prompt"] == '"odd'
    assert rows[0] == {
        "Prompt": "unlucky, bald", "look": "y", "seed": "2", "name": "unlucky-bald", "line": "3", "reason": "No luck.",
    }  # fmt: skip

    mended = failed.read_text("utf-8-sig").replace("unlucky,", "lucky,").replace('"""odd"', "a girl")
    failed.write_text(mended.replace("\n,z", "\na boy,z"), "utf-8")
    again = run_batch(read_table(failed), wish(tmp_path), workers())
    assert again.made == ["unlucky-bald", "face", "a-girl"] and not again.failures
    assert not failed.exists()
    assert len(batches.made(tmp_path / "out")) == 5


def test_each_bug_is_shown_once(tmp_path: Path) -> None:
    traces: list[str] = []
    outcome = run_batch(
        table_of(tmp_path, ["odd a", "odd b"]), wish(tmp_path), Here(batches.make), on_bug=traces.append
    )
    assert traces == ["Traceback\nZeroDivisionError"] and len(outcome.failures) == 2


def test_a_row_that_kills_its_process_fails_alone(tmp_path: Path) -> None:
    prompts = [*PEOPLE, "deadly", *PEOPLE, *PEOPLE]
    outcome = run_batch(table_of(tmp_path, prompts), wish(tmp_path), workers())
    assert [failure.line for failure in outcome.failures] == [10] and "ended" in outcome.failures[0].reason
    assert len(outcome.made) == len(prompts) - 1
    assert sorted(batches.made(tmp_path / "out")) == sorted(outcome.made), "nothing is made twice"
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix == ".stage"]


def test_what_a_killed_process_was_at_is_made_all_the_same(tmp_path: Path) -> None:
    prompts = [*PEOPLE, "once", *PEOPLE, "late", "once", *PEOPLE, "late"]
    outcome = run_batch(table_of(tmp_path, prompts), wish(tmp_path), workers())
    assert not outcome.failures and outcome.made == [f"f{number}" for number in range(len(prompts))]
    assert sorted(batches.made(tmp_path / "out")) == sorted(outcome.made), "nothing is lost, nothing is made twice"
    assert set(faces(tmp_path / "out")) == set(outcome.made)


def test_rows_are_not_to_blame_for_a_process_that_died_before_them(tmp_path: Path) -> None:
    asked = wish(tmp_path)
    row = PlannedRow(0, 2, "f0", "a man", 1, False, 512)
    worker = processes._Process(batches.make, batches.nothing, asked)
    (tmp_path / "out").mkdir()
    worker.start().result(timeout=60.0)
    os.kill(next(iter(worker._pool._processes)), signal.SIGKILL)  # type: ignore[union-attr]
    end = time.monotonic() + 30.0
    while not isinstance(error := worker.submit([row]).exception(timeout=60.0), NotBegun):
        assert time.monotonic() < end and (error is None or worker.is_death(error))
        time.sleep(0.05)
    worker.stop()


def test_processes_that_never_begin_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DreamFaceError, match="end as soon as they begin"):
        run_batch(table_of(tmp_path, PEOPLE), wish(tmp_path), Processes(2, batches.make, batches.end))


def test_a_full_disk_stops_the_batch(tmp_path: Path) -> None:
    table = table_of(tmp_path, [*PEOPLE, "full", *PEOPLE])
    with pytest.raises(FolderError, match=r"The disk is full: free some space; \d+ of 17 are there, run it again"):
        run_batch(table, wish(tmp_path), workers())
    assert not (tmp_path / "out/failed.csv").exists()
    before = faces(tmp_path / "out")
    (tmp_path / "room").touch()
    outcome = run_batch(table, wish(tmp_path), workers())
    assert not outcome.failures and set(outcome.skipped) == set(before)
    assert outcome.there() == 17 == len(faces(tmp_path / "out"))
    assert len(batches.made(tmp_path / "out")) == len(set(batches.made(tmp_path / "out")))


# ------------------------------------------------------------------------------------------------------------ stopping


def test_stopping_takes_less_than_two_seconds_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    stopped_at: list[float] = []

    def stop() -> bool:
        begun = [path for path in (tmp_path / "out").iterdir() if path.suffix == ".stage"]
        if len(begun) == 2 and not stopped_at:
            stopped_at.append(time.monotonic())
        return bool(stopped_at)

    table = table_of(tmp_path, ["a man", "slow", "slow", "slow"])
    with pytest.raises(Cancelled, match=r"Stopped; \d of 4 are there, run it again to go on."):
        run_batch(table, wish(tmp_path), workers(), Progress(cancelled=stop))
    assert time.monotonic() - stopped_at[0] < 2.0
    left = [path.name for path in (tmp_path / "out").iterdir() if path.name not in ("batch.json", LOCK)]
    assert left in ([], ["f0"])


def test_processes_do_not_outlive_a_batch_that_is_killed(tmp_path: Path) -> None:
    table_of(tmp_path, ["slow", "slow", "slow"])
    code = (
        "import sys\nfrom pathlib import Path\nfrom dreamface.batch import *\nfrom tests import batches\n"
        "if __name__ == '__main__':\n"
        " place = Path(sys.argv[1])\n"
        " work = Processes(2, batches.make, batches.nothing)\n"
        " run_batch(read_table(place / 'cast.csv'), Wish(place / 'out', 512), work)\n"
    )
    program = tmp_path / "program.py"
    program.write_text(code)
    paths = os.pathsep.join(path for path in sys.path if path)
    batch = subprocess.Popen([sys.executable, str(program), str(tmp_path)], env={**os.environ, "PYTHONPATH": paths})
    stages: list[Path] = []
    try:
        end = time.monotonic() + 30.0
        while len(stages) < 2 and time.monotonic() < end:
            time.sleep(0.05)
            stages = list((tmp_path / "out").glob(".*.stage"))
        children = [int(stage.name.split("-")[1]) for stage in stages]
        assert len(children) == 2
        with pytest.raises(Busy, match=rf"Another batch \(process {batch.pid}\) is working in"):
            run_batch(table_of(tmp_path, ["a man"]), wish(tmp_path), Here(batches.make))
    finally:
        batch.send_signal(signal.SIGKILL)
        batch.wait()
    while any(map(_lives, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_lives, children))
    outcome = run_batch(table_of(tmp_path, ["a man"]), wish(tmp_path), Here(batches.make))
    assert outcome.made == ["f0"], "a dead batch's lock blocks nobody"


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_batches_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    held = hold(tmp_path / "out" / LOCK)
    with pytest.raises(Busy, match="Another batch"):
        run_batch(table_of(tmp_path, PEOPLE), wish(tmp_path), Here(batches.make))
    held.close()
    assert run_batch(table_of(tmp_path, PEOPLE), wish(tmp_path), Here(batches.make)).there() == len(PEOPLE)


def test_what_a_killed_batch_has_left_goes(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    left = sibling(tmp_path / "out/dreamface", "stage")
    left = left.rename(left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194304-"))) if left.exists() else left
    left = left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194304-"))  # a number that no process has
    left.mkdir()
    run_batch(table_of(tmp_path, PEOPLE), wish(tmp_path), Here(batches.make))
    assert not left.exists()


def test_a_tables_own_lines_and_reasons_stay(tmp_path: Path) -> None:
    """Only what an earlier table of failures has added is left out of the next."""
    own = Table(("prompt", "line", "reason"), [Row(2, "a man", "m", None, None, ("a man", "front", "for the trailer"))])
    text = failed_table(own, [Failure(2, "No luck.", "m", own.rows[0].cells)])
    assert text.splitlines() == [
        "prompt,line,reason,name,failed line,failed reason", "a man,front,for the trailer,m,2,No luck.",
    ]  # fmt: skip
    mended = tmp_path / "failed.csv"
    mended.write_text(text)
    again = read_table(mended)
    assert failed_table(again, [Failure(2, "Still none.", "m", again.rows[0].cells)]).splitlines() == [
        "prompt,line,reason,name,failed line,failed reason", "a man,front,for the trailer,m,2,Still none.",
    ]  # fmt: skip
    plain = Table(("prompt", "line", "reason"), [Row(2, "a man", "m", None, None, ("a man", "7", "No luck."))])
    assert failed_table(plain, []).splitlines() == ["prompt,name,line,reason"]


# ---------------------------------------------------------------------------------------------------------------- urls


def test_a_bucket_that_is_not_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As object stores say it, whose packages raise what a missing file raises."""
    store = store_of(f"memory://{tmp_path.name}/cast")

    def missing(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("The specified bucket does not exist")

    for name in ("pipe_file", "put_file", "isfile", "get"):
        monkeypatch.setattr(store._files, name, missing)  # type: ignore[attr-defined]
    (tmp_path / "file").write_text("x")
    for asked in (lambda: store.write("a", b"x"), lambda: store.exists("a"), lambda: store.fetch("a").__enter__()):
        with pytest.raises(FolderError, match="bucket does not exist"):
            asked()
    assert store.read("a") is None, "a file may be missing"


def test_faces_go_to_a_url(tmp_path: Path) -> None:
    import fsspec

    files, place = fsspec.filesystem("memory"), f"memory://{tmp_path.name}/cast"
    table = table_of(tmp_path, [*PEOPLE, "unlucky"])
    asked = Wish(place, 512)
    outcome = run_batch(table, asked, Here(in_memory))
    assert len(outcome.made) == len(PEOPLE) and len(outcome.failures) == 1
    root = f"/{tmp_path.name}/cast"
    assert json.loads(files.cat(f"{root}/f1/face.json"))["prompt"] == "a woman"
    assert b"No luck." in files.cat(f"{root}/failed.csv")
    files.rm_file(f"{root}/f2/face.json")
    again = run_batch(table, asked, Here(in_memory))
    assert again.made == ["f2"], "what lacks its face.json is not whole"
    assert again.skipped == [name for name in outcome.made if name != "f2"]
    files.pipe(f"{root}/f3/face.json", files.cat(f"{root}/f4/face.json").replace(b"a boy", b"a dog"))
    failures = run_batch(table, asked, Here(in_memory)).failures
    assert [failure.line for failure in failures] == [5, 10], "another face is never written over"


def in_memory(rows: list[PlannedRow], wish: Wish, progress_of: object) -> Iterator[Result]:
    for row in rows:
        if row.prompt == "unlucky":
            yield Result(row.index, "failed", row.name, "No luck.")
            continue
        with wish.store.staging() as stage:
            folder = stage / row.name
            (folder / "maps").mkdir(parents=True)
            (folder / "maps/skin_albedo.png").write_bytes(b"png")
            (folder / "face.json").write_text(json.dumps(batches.said_of(row)))
            yield Result(row.index, put(folder, row, wish, wish.store), row.name)


def test_an_address_that_nothing_reaches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table_of(tmp_path, PEOPLE)
    assert cli.main(["batch", str(tmp_path / "cast.csv"), "-o", "nowhere://bucket/cast"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("nowhere://bucket/cast can't be reached (Protocol not known: nowhere")


# ---------------------------------------------------------------------------------------------------------------- pace


def test_the_rate_is_that_of_the_last_minutes() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert pace.in_words(10) == ""
    for _ in range(100):
        now += 6.0
        pace.count()
    assert pace.in_words(60) == "10 a minute, 6 minutes left"
    for _ in range(100):
        now += 1.5
        pace.count()
    assert pace.in_words(120) == "40 a minute, 3 minutes left", "the slow ones of before do not count"
    for _ in range(20):
        now += 120.0
        pace.count()
    assert pace.in_words(1) == "0.5 a minute, 2 minutes left", "also where single faces take longer than the window"


def test_progress_says_how_many_how_fast_and_how_long(tmp_path: Path) -> None:
    steps: list[Step] = []
    run_batch(table_of(tmp_path, [*PEOPLE, ""]), wish(tmp_path), workers(), Progress(steps.append))
    said = [step.message for step in steps if step.stage == "batch"]
    assert said[0] == "1 of 9: starting" and said[-1].startswith("9 of 9: ") and said[-1].endswith(" a minute")
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


# --------------------------------------------------------------------------------------------------------- the command


@pytest.mark.parametrize("count", ["0", "257"])
def test_numbers_of_processes_that_nobody_means(tmp_path: Path, count: str, capsys: pytest.CaptureFixture[str]) -> None:
    table_of(tmp_path, PEOPLE)
    assert cli.main(["batch", str(tmp_path / "cast.csv"), "-o", str(tmp_path / "out"), "--processes", count]) == 1
    assert capsys.readouterr().err == f"Ask for 1 to 256 processes; got {count}.\n"


@pytest.mark.parametrize(
    ("more", "reason"),
    [(["--glb"], "leave --glb away"), (["--align", "0.5"], "leave one of them away"), (["--resolution", "100"], "100")],
)
def test_looks_that_do_not_go_with_the_rest(
    tmp_path: Path, more: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table_of(tmp_path, PEOPLE)
    words = ["batch", str(tmp_path / "cast.csv"), "-o", str(tmp_path / "out"), "--only", "geometry"]
    assert cli.main([*words, *more]) == 1
    assert reason in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_there_are_no_more_processes_than_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable: 9000000 kB\n")
    monkeypatch.setattr(processes, "_MEMORY", tmp_path / "meminfo")
    assert processes._fitting(512) == 4 and processes._fitting(4096) == 2
    (tmp_path / "meminfo").write_text("MemAvailable: 9 kB\n")
    assert processes._fitting(512) == 1
    monkeypatch.setattr(processes, "_MEMORY", tmp_path / "none")
    assert processes._fitting(512) == processes.MOST_PROCESSES


def test_there_is_a_process_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_MEMORY", Path("none"))
    monkeypatch.setattr(processes, "processors", lambda: 1)
    assert isinstance(processes.on_this_machine(), Here) and isinstance(processes.on_this_machine(2), Processes)
    monkeypatch.setattr(processes, "processors", lambda: 8)
    assert isinstance(processes.on_this_machine(), Processes) and isinstance(processes.on_this_machine(1), Here)


@pytest.mark.parametrize("name", ["batch", "Page", "contact-sheet", "contact-sheet-2.jpg", "index.html", "failed.csv"])
def test_names_of_what_lies_beside_the_faces_are_nobodys(name: str) -> None:
    with pytest.raises(BadRequest, match="A batch writes a file of its own called so"):
        check_name(name)


@pytest.mark.parametrize("name", ["batch-2", "pages", "index", "contact-sheets", "failed"])
def test_names_like_them_are_free(name: str) -> None:
    check_name(name)
