"""Quick looks at the rows of a table, by the real pipeline with the built-in head."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pygltflib
import pytest
from PIL import Image

from dreamface import folder, pipeline
from dreamface.batch import Here, Only, Outcome, Processes, Wish, read_table, run_batch
from dreamface.batch.stores import RECORD
from dreamface.traits import ARKIT_SHAPES

PEOPLE = 'prompt,name,seed\nan old man with a broad nose,old,3\n"a young woman, freckles",young,\n'


def run(out: Path, text: str = PEOPLE, only: Only | None = None, processes: int = 1) -> Outcome:
    table = out.parent / "cast.csv"
    table.write_text(text, "utf-8")
    executor = Here() if processes == 1 else Processes(processes)
    return run_batch(read_table(table), Wish(out, 512, "anny", only=only), executor)


def test_geometry_is_a_glb_with_shapes_and_a_record(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(out, only="geometry").made == ["old", "young"]
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        "batch.json", "old.glb", "old.json", "young.glb", "young.json",
    }  # fmt: skip
    record = json.loads((out / "old.json").read_text("utf-8"))
    assert record["prompt"] == "an old man with a broad nose" and record["seed"] == 3
    assert record["traits"]["nose.width"]["value"] > 0.5
    document = pygltflib.GLTF2().load(str(out / "old.glb"))
    assert not document.images
    meshes = [mesh for mesh in document.meshes if mesh.primitives[0].targets]
    assert meshes and all(mesh.extras["targetNames"] == list(ARKIT_SHAPES) for mesh in meshes)
    assert run(out, only="geometry").skipped == ["old", "young"], "what is there stays"
    changed = PEOPLE.replace("old man", "old woman")
    failures = run(out, changed, only="geometry").failures
    assert [failure.line for failure in failures] == [2] and "is of another face" in failures[0].reason


@pytest.mark.slow
def test_looks_show_the_faces_that_whole_runs_make(tmp_path: Path) -> None:
    out = tmp_path / "out"
    one = PEOPLE.splitlines()[0] + "\n" + PEOPLE.splitlines()[2]
    for only in ("geometry", "preview", "maps"):
        assert run(out, one, only=only).made == ["young"]
    looks = {path.name for path in out.iterdir()}
    assert {"young.jpg", "young.maps", "young.glb"} <= looks and "young" not in looks
    whole = run(out, processes=2)
    assert whole.made == ["old", "young"], "a whole run makes whole faces beside the looks"
    face = folder.load(out / "young")
    assert face.seed == json.loads((out / "young.json").read_text())["seed"]
    assert face.seed == json.loads((out / "young.maps" / RECORD).read_text())["seed"]

    built = pipeline.generate(face.prompt, seed=face.seed, resolution=512, head="anny")
    assert np.array_equal(built.head.vertices, face.head.vertices), "other processes make the same"
    corners = _extent(out / "young.glb")
    assert np.allclose(corners, np.ptp(face.head.vertices.numpy(), axis=0)[[0, 2, 1]], atol=1e-5)
    for file in (out / "young.maps").glob("*.png"):
        assert file.read_bytes() == (out / "young/maps" / file.name).read_bytes()
    assert {file.name for file in (out / "young.maps").iterdir()} - {RECORD} == {
        file.name for file in (out / "young/maps").iterdir()
    }
    picture = np.asarray(Image.open(out / "young.jpg")).astype(float)
    preview = np.asarray(Image.open(out / "young/preview.png")).astype(float)
    assert picture.shape == preview.shape and np.abs(picture - preview).mean() < 3.0
    for only in ("preview", "maps"):
        assert run(out, one, only=only).skipped == ["young"]
    (out / "young.jpg").write_bytes(b"no picture")
    assert "is of another face" in run(out, one, only="preview").failures[0].reason


def _extent(glb: Path) -> np.ndarray:
    """Size of the box around all vertices at rest, glTF's axes."""
    document = pygltflib.GLTF2().load(str(glb))
    places = [
        document.accessors[primitive.attributes.POSITION] for mesh in document.meshes for primitive in mesh.primitives
    ]
    return np.max([place.max for place in places], axis=0) - np.min([place.min for place in places], axis=0)
