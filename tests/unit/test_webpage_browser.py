"""The page in a real browser, opened from disk: headless Chromium with WebGL in software."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamface import folder, pipeline, webpage
from dreamface.webpage import page as page_module

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LONGEST = 400.0  # seconds: a picture takes seconds where other tests take the processors

PROMPTS = (
    "an old fisherman with a white beard </script><img src=x onerror='window.injected = true'>",
    "a young woman from Senegal with freckles",
    "a bald man of 45",
    "a red-haired girl of 19",
    "a 70 year old woman with grey hair",
    "a Korean man of 30",
)
NAMES = ("fisher #1", "anna?", "50% bald", "çağla", "e", "f")


def program(names: tuple[str, ...], what: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or pytest.skip(f"{what} is not installed, so no page can be opened.")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What happened in the browser, and the folder of its screenshots."""
    chromium = os.environ.get("DREAMFACE_CHROMIUM") or program(CHROMIUM, "Chromium")
    node = program(("node",), "Node.js")
    if not (ROOT / "node_modules" / "playwright-core").is_dir():
        pytest.skip("What drives the browser is not installed: run `npm install` in the repository.")
    if page_module._bundle() is None:
        pytest.skip("The 3D view is not built: run `npm run build` in the repository.")
    place = tmp_path_factory.mktemp("many faces #1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dreamface.pipeline.people.check_resolution", lambda _: None)  # smaller than anybody may ask for
        faces = [
            folder.save(pipeline.generate(prompt, seed=number, resolution=128, head="anny"), place / name)
            for number, (prompt, name) in enumerate(zip(PROMPTS, NAMES, strict=True))
        ]
    (place / "broken").mkdir()
    (place / "broken" / "face.json").write_text("{", "utf-8")
    page = webpage.write_page(place, [*faces, place / "broken"])
    plain = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "_bundle", lambda: None)
        without_viewer = webpage.write_page(plain, faces[:2])
    shots = tmp_path_factory.mktemp("shots")
    command = [node, str(ROOT / "tests" / "page_browser.mjs"), chromium, str(shots), str(page), str(without_viewer)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), shots


def difference(shots: Path, one: str, other: str) -> float:
    """The share of pixels that differ visibly between two screenshots."""
    first, second = (np.asarray(Image.open(shots / f"{name}.png").convert("RGB"), int) for name in (one, other))
    return float((np.abs(first - second).max(axis=2) > 12).mean())


def test_nothing_went_wrong_and_nothing_was_asked_of_a_network(seen):
    events, _ = seen
    assert events["errors"] == []
    assert set(events["requests"]) <= {"file", "data", "blob"}


def test_the_gallery_shows_everybody_and_no_prompt_is_markup(seen):
    events, _ = seen
    assert events["all"] == "6 faces, 1 damaged"
    assert events["prompts"] == list(PROMPTS)
    assert events["injected"] is None
    assert len(events["damaged"]) == 1 and "face.json" in events["damaged"][0]


def test_words_and_traits_filter_and_sort(seen):
    events, _ = seen
    assert events["searched"] == ["1 of 6 faces", 1]
    assert events["nobody"] == [0, True]
    assert set(events["women"]) == {PROMPTS[1], PROMPTS[3], PROMPTS[4]}
    assert set(events["old"]) == {PROMPTS[0], PROMPTS[4]}
    assert events["cleared"] == 7
    assert events["byAge"][0] == PROMPTS[3]


def test_a_head_turns_and_its_shapes_move_it(seen):
    events, shots = seen
    assert events["open"] == [NAMES[0], PROMPTS[0]]
    assert events["sliders"] == 52
    assert events["moved"] == ["Jaw open1"] and events["afterReset"] == 0
    head = np.asarray(Image.open(shots / "head.png").convert("RGB"), int)
    assert head.std() > 20, "something is drawn"
    assert difference(shots, "head", "jaw") > 0.01
    assert difference(shots, "head", "reset") < 0.002
    assert difference(shots, "head", "turned") > 0.05


def test_keys_go_to_the_next_head_and_back(seen):
    events, _ = seen
    assert events["next"] == NAMES[1]
    assert events["closed"] == [False, 7]


def test_it_fits_a_phone(seen):
    events, _ = seen
    assert events["phoneWidth"] <= 390


def test_without_the_3d_view_there_are_pictures_and_how_to_build_it(seen):
    events, _ = seen
    assert "npm install && npm run build" in events["note"]
    message, has_sliders = events["withoutViewer"]
    assert "npm install && npm run build" in message and not has_sliders
