"""Batches on a Ray cluster of two nodes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamface import cli
from dreamface.batch import Farm, Here, Wish, farm, run_batch
from dreamface.errors import BadRequest, DreamFaceError, MissingDependency
from tests import batches
from tests.unit.test_batch import PEOPLE, faces, table_of

ROOT = Path(__file__).parents[2]


def test_addresses_that_are_none() -> None:
    for address in ("", "host", "ray://", "http://host:1"):
        with pytest.raises(BadRequest, match="--ray takes auto, local or an address"):
            Farm(address)


def test_a_farm_without_ray_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency):
        Farm("local")
    table_of(tmp_path, PEOPLE)
    words = ["batch", str(tmp_path / "cast.csv"), "-o", str(tmp_path / "out")]
    assert cli.main([*words, "--ray", "local"]) == 1
    assert capsys.readouterr().err == "Farms need the package ray: install DreamFace with its extra, dreamface[farm].\n"
    assert not (tmp_path / "out").exists()


def test_a_clients_cluster_that_is_lost_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray's client raises what it likes; what nobody expects is still a bug while the cluster answers."""

    class Ray:
        def cluster_resources(self) -> dict[str, float]:
            return {"CPU": 1.0}

        def remote(self, **_: Any) -> Any:
            return lambda maker: maker

    def dispatch(error: Exception) -> Any:
        def lost(*_: Any) -> Iterator[None]:
            yield None
            raise error

        return lost

    monkeypatch.setitem(sys.modules, "ray", Ray())
    made = Farm("ray://127.0.0.1:1")  # nobody listens at that port
    for error in (ConnectionError("Client is shutting down."), RuntimeError("Request can't be sent")):
        monkeypatch.setattr(farm, "dispatch", dispatch(error))
        *_, last = made._work(Ray(), [object()], Wish(Path("out"), 512))  # type: ignore[list-item]
        assert last is not None and last.kind == "stop" and "The Ray cluster is gone: start it again" in last.reason
    monkeypatch.setattr(farm, "_heart", lambda *_: None)
    with pytest.raises(RuntimeError):
        list(made._work(Ray(), [object()], Wish(Path("out"), 512)))  # type: ignore[list-item]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes of one processor each, in processes of this machine."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: it comes with the extra `farm`")
    from ray.cluster_utils import Cluster

    before = os.environ.get("PYTHONPATH")
    paths = [str(ROOT), str(ROOT / "backend"), *(before.split(os.pathsep) if before else [])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    nodes.wait_for_nodes()
    ray.init(nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    yield nodes
    ray.shutdown()
    nodes.shutdown()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


def on_farm(**what: Any) -> Farm:
    return Farm("auto", make=batches.make, load=batches.nothing, **what)


@pytest.mark.slow
def test_a_farm_makes_the_same_as_one_machine(cluster: Any, tmp_path: Path) -> None:
    table = table_of(tmp_path, [*PEOPLE, "unlucky"])
    here = run_batch(table, Wish(tmp_path / "a/out", 512), Here(batches.make))
    (tmp_path / "b/out").mkdir(parents=True)
    (tmp_path / "b/out/batch.json").write_text((tmp_path / "a/out/batch.json").read_text())
    far = run_batch(table, Wish(tmp_path / "b/out", 512), on_farm())
    assert far == here and faces(tmp_path / "a/out") == faces(tmp_path / "b/out")


@pytest.mark.slow
def test_workers_of_a_farm_that_die_are_replaced(cluster: Any, tmp_path: Path) -> None:
    prompts = [*PEOPLE, "once", *PEOPLE, "late", "deadly", *PEOPLE]
    outcome = run_batch(table_of(tmp_path, prompts), Wish(tmp_path / "out", 512), on_farm())
    assert [failure.line for failure in outcome.failures] == [prompts.index("deadly") + 2]
    assert len(outcome.made) == len(prompts) - 1
    assert sorted(batches.made(tmp_path / "out")) == sorted(outcome.made), "nothing is lost, nothing is made twice"


@pytest.mark.slow
def test_a_farm_writes_to_a_url(cluster: Any, tmp_path: Path) -> None:
    table = table_of(tmp_path, PEOPLE)
    outcome = run_batch(table, Wish(f"file://{tmp_path / 'out'}", 512), on_farm())
    assert len(outcome.made) == len(PEOPLE) == len(faces(tmp_path / "out"))
    assert run_batch(table, Wish(tmp_path / "out", 512), on_farm()).skipped == outcome.made


@pytest.mark.slow
def test_machines_with_another_version_are_said(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farm, "__version__", "9.9.9")
    with pytest.raises(DreamFaceError, match=r"This machine has DreamFace 9\.9\.9, and of the cluster .* has 0\.1\.0:"):
        run_batch(table_of(tmp_path, PEOPLE), Wish(tmp_path / "out", 512), on_farm())


@pytest.mark.slow
def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: it comes with the extra `farm`")
    far = Farm("ray://127.0.0.1:9", make=batches.make, load=batches.nothing)
    with pytest.raises(DreamFaceError, match=r"No Ray cluster could be reached by --ray ray://127.0.0.1:9 \("):
        far._connect(__import__("ray"))


@pytest.mark.slow
def test_a_cluster_that_goes_away(tmp_path: Path) -> None:
    """In a process of its own: who kills the head of the cluster can't use Ray any more."""
    pytest.importorskip("ray", reason="Ray is not installed: it comes with the extra `farm`")
    table_of(tmp_path, ["a man", "slow", "slow"])
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\nfrom pathlib import Path\nfrom dreamface.batch import *\nfrom tests import batches\n"
        "place = Path(sys.argv[1])\n"
        "try:\n"
        " work = Farm('local', 2, batches.make, batches.nothing)\n"
        " run_batch(read_table(place / 'cast.csv'), Wish(place / 'out', 512), work)\n"
        "except Exception as error:\n"
        " (place / 'said').write_text(str(error))\n"
    )
    paths = os.pathsep.join((str(ROOT), str(ROOT / "backend")))
    batch = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(lambda: len(list((tmp_path / "out").glob(".*.stage"))) == 2)
        for pid in _children(batch.pid):
            if "gcs_server" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode():
                os.kill(pid, signal.SIGKILL)
        _wait(lambda: (tmp_path / "said").exists())
    finally:
        batch.kill()
        batch.wait()
    said = (tmp_path / "said").read_text()
    assert said == "The Ray cluster is gone: start it again; 1 of 3 are there, run it again to go on."


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait(over: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not over():
        assert time.monotonic() < end
        time.sleep(0.1)
