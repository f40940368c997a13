"""The real landmark trackers: on a head of ours, whose landmarks are known, and on footage of a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamface import models
from dreamface.capture.landmarks import COUNT, FaceMesh, LandmarkTracker, open_tracker
from dreamface.errors import MissingDependency
from dreamface.motion.footage import open_footage
from dreamface.training.snapshots import Light, Person, View, rotation

pytest.importorskip("mediapipe", reason="mediapipe is not installed; run.py does it")
pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed; run.py does it")

SHARED = Path(__file__).parents[3] / "shared/data"
CLIP = SHARED / "media/lp_d9_webcam.mp4"
LANDMARKER = SHARED / "models/face_landmarker.task"

SAME = {
    33: 36, 133: 39, 362: 42, 263: 45,  # corners of the eyes, from the person's right to the left
    61: 48, 291: 54, 0: 51, 17: 57,  # corners of the mouth, and the middle of its outer edges
    4: 30, 2: 33,  # tip of the nose, and where it meets the lip
    152: 8,  # chin
}  # fmt: skip
"""MediaPipe's landmarks, and Multi-PIE's at the same places."""


@pytest.fixture(scope="module", params=["face-mesh", "face-landmarker"])
def tracker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LandmarkTracker]:
    """A tracker that follows one face."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(tmp_path_factory.mktemp("models")))
        if request.param == "face-landmarker":
            if not LANDMARKER.is_file():
                pytest.skip(f"FaceLandmarker is not here (looked for {LANDMARKER})")
            models.install("face-landmarker", LANDMARKER)
        try:
            opened = open_tracker(request.param)
        except MissingDependency as missing:
            pytest.skip(str(missing))
        with closing(opened):
            yield opened


@pytest.mark.slow
@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (0.35, -0.1)])
def test_landmarks_of_our_own_head_are_where_they_are(yaw: float, pitch: float) -> None:
    try:
        mesh = FaceMesh(still=True)
    except MissingDependency as missing:
        pytest.skip(str(missing))
    person = Person.of("anny", 5)
    nose = person.head.landmark("multipie_30")
    turn = rotation(yaw, pitch, 0.0)
    view = View(turn, torch.tensor([0.0, 0.8, 0.0]) - turn @ nose, 2.0)
    light = Light(torch.tensor([0.3, -0.9, 0.3]), 0.9, 0.6, torch.ones(3))
    placed = view.place(person.head.vertices)
    picture = person.snapshot(placed, view.camera, 512, light, 0.5)
    with closing(mesh):
        (face,) = mesh.find(picture, 0.0)
    assert face.points.shape == (COUNT, 2)
    known = placed[person.head.topology.multipie].numpy()
    on_picture = view.focal * known[:, [0, 2]] / known[:, 1:2] * (1.0, -1.0)
    apart = np.array([np.linalg.norm(face.points[ours] - on_picture[theirs]) for ours, theirs in SAME.items()])
    assert apart.mean() < 0.03 * face.size, dict(zip(SAME, np.round(apart / face.size, 3), strict=True))
    assert apart.max() < 0.08 * face.size, dict(zip(SAME, np.round(apart / face.size, 3), strict=True))


@pytest.mark.skipif(not CLIP.is_file(), reason=f"there is no footage here (looked for {CLIP})")
def test_no_picture_of_footage_is_missed(tracker: LandmarkTracker) -> None:
    found = [tracker.find(frame.picture, frame.time) for frame in islice(open_footage(CLIP).frames(), 60)]
    assert [len(faces) for faces in found] == [1] * 60
    steps = np.diff([faces[0].middle for faces in found], axis=0)
    size = found[0][0].size
    assert np.linalg.norm(steps, axis=1).max() < 0.1 * size, "it is the same face"
