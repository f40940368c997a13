"""An artist installs the production head, works with it, and takes it away again."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest

from tests.window.sidebar import (
    APPLICATION,
    PROMPT,
    RESTING,
    SHAPE,
    SKIN,
    choose,
    face_width_slider,
    generate,
    generate_over_selected,
    look,
    open_preferences,
    open_sidebar,
    shade,
    undo,
)
from tests.window.window import Box

PANEL = (0, 60, 1140, 800)  # where the preferences are
EYE = Box(300, 250, 620, 650)  # the middle of the 3D view
MODELS = f"{APPLICATION}.models"
INSTALLED = f"({MODELS}.installable or [None])[0].installed"
CHOOSE_FILE = """
window = bpy.context.window_manager.windows[0]
area = next(area for area in window.screen.areas if area.type == "FILE_BROWSER")
area.spaces.active.params.directory = {folder!r}.encode()
area.spaces.active.params.filename = {name!r}
with bpy.context.temp_override(window=window, area=area):
    bpy.ops.file.execute()
"""


@pytest.fixture
def models_panel(window):
    """The preferences with their section Models, once the backend has said what there is."""
    window.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    window.run(f"{APPLICATION}.setup.start()")
    window.until(f"{MODELS}.installable", timeout=90)
    open_preferences(window)


def test_installing_checking_and_removing(window, pictures, models_panel, ict_archive):
    window.picture(pictures / "models-1-offered.png", PANEL)
    assert window.run("result = bpy.ops.dreamface.install_model.poll()") is False, "Blender is not allowed online"
    install_from(window, ict_archive)
    window.until(f"{MODELS}.running('ict-facekit') and {MODELS}.running('ict-facekit').fraction > 0.1")
    time.sleep(0.5)
    window.picture(pictures / "models-2-installing.png", PANEL)
    bar = widgets(window, "wcol_progress")[0]
    window.click(bar.right + 12, bar.centre[1])
    window.until(f"{MODELS}.jobs['ict-facekit'].state == 'cancelled' and not {MODELS}.asking")
    assert window.run(f"result = {INSTALLED}") is False
    time.sleep(1.0)
    window.picture(pictures / "models-3-cancelled.png", PANEL)

    install_from(window, ict_archive)
    window.until(INSTALLED, timeout=90)
    time.sleep(1.0)
    window.picture(pictures / "models-4-installed.png", PANEL)
    assert window.run(f"result = [name for name, _, _ in {MODELS}.head_items]") == ["auto", "anny", "ict"]

    verify_and_remove = [box for box in widgets(window) if box.height < 24 and width(box) > 400][-1]
    window.click(verify_and_remove.left + 40, verify_and_remove.centre[1])
    window.until(f"{MODELS}.outcome('ict-facekit')[1].endswith('as it was installed.')")
    time.sleep(1.0)
    verify_and_remove = [box for box in widgets(window) if box.height < 24 and width(box) > 400][-1]
    window.click(verify_and_remove.right - 40, verify_and_remove.centre[1])
    time.sleep(1.0)
    window.picture(pictures / "models-5-remove.png")
    assert window.run(f"result = {INSTALLED}") is True, "it asks first"
    window.key("Return")
    window.until(f"not {INSTALLED}")
    assert window.run(f"result = [name for name, _, _ in {MODELS}.head_items]") == ["auto", "anny"]


def test_a_face_of_the_production_head(window, pictures, ict_models, tmp_path):
    shutil.copytree(ict_models, tmp_path / "models", dirs_exist_ok=True)
    open_sidebar(window)
    choose(window, resolution="1024", seed=6, keep_seed=True)
    generate(window, PROMPT)
    assert window.run(f"result = [{SKIN}['dreamface_head'], len({SKIN}.data.vertices)]") == ["ict", 14062]
    keys = window.run(f"result = {SKIN}.data.shape_keys.key_blocks.keys()")
    assert len(keys) == 61 and {"browInnerUp", "browInnerUp_L", "PupilDilate_R"} <= set(keys)

    look(window, "left_sclera", 0.12)
    window.wait(lambda: colourful(window) > 20.0, 240, "the shaders, which are compiled in software here")
    time.sleep(3.0)
    window.picture(pictures / "ict-eye.png")
    assert 0.0 < dark(window) < 0.08, "the pupil is black, and nothing else"
    shade(window, "SOLID")
    time.sleep(2.0)
    window.picture(pictures / "ict-eye-solid.png")
    assert 0.0 < dark(window) < 0.05, "the pupil is black; lashes are no black bands without their texture"
    look(window, "skin", 0.62, turned=30.0)

    first = state(window)
    window.drag(face_width_slider(window), -70)
    window.until(RESTING)
    dragged = state(window)
    assert dragged["width"] < first["width"] - 0.5 and dragged["shape"] != first["shape"]
    undo(window)
    same(state(window), first)

    window.run(f"{SKIN}.shape_key_add(name='scar', from_mix=False); bpy.ops.ed.undo_push(message='Scar')")
    generate_over_selected(window, head="anny")
    time.sleep(1.0)
    window.picture(pictures / "ict-other-head.png")
    assert "(scar)" in window.run(f"result = {APPLICATION}.making.placing.warning")
    assert window.run(f"result = {SKIN}['dreamface_head']") == "anny"
    undo(window)
    same(state(window), first)
    assert window.run(f"result = 'scar' in {SKIN}.data.shape_keys.key_blocks")

    window.run("bpy.ops.dreamface.dismiss_error()")
    shutil.rmtree(tmp_path / "models" / "ict-facekit")
    window.run(f"{APPLICATION}.session.stop()")
    window.until(f"{APPLICATION}.session.state.value == 'stopped' and not {APPLICATION}.session.backend.ending")
    window.run(f"{APPLICATION}.setup.start()")
    window.until(f"{APPLICATION}.session.state.value == 'ready'", timeout=90)
    window.drag(face_width_slider(window), -70)
    window.until(RESTING)
    time.sleep(1.0)
    window.picture(pictures / "ict-model-gone.png")
    assert "'ict' is not installed here" in window.run(f"result = {APPLICATION}.following.problem")
    assert window.run(f"result = {SHAPE}") == pytest.approx(first["shape"], abs=1e-5)


def install_from(window, archive) -> None:
    """Install from File, the lowest of the buttons that touch each other."""
    buttons = max((box for box in widgets(window) if width(box) > 400), key=lambda box: (box.height, box.top))
    window.click(buttons.centre[0], buttons.bottom - 9)
    window.until("bpy.context.window_manager.windows[0].screen.areas[0].type == 'FILE_BROWSER'")
    time.sleep(1.0)
    window.run(CHOOSE_FILE.format(folder=str(archive.parent), name=archive.name))


def widgets(window, kind="wcol_tool"):
    """The buttons of the preferences."""
    return window.widgets(kind, area="PREFERENCES", region="WINDOW")


def width(box) -> int:
    return box.right - box.left


def pixels(window) -> np.ndarray:
    return np.asarray(window.picture(box=(EYE.left, EYE.top, EYE.right, EYE.bottom)), np.float32)


def colourful(window) -> float:
    """How far from grey the middle of the 3D view is, 0..255: without materials a head is grey."""
    return float(np.ptp(pixels(window), axis=2).mean())


def dark(window) -> float:
    """The share of the middle of the 3D view that is as good as black."""
    return float((pixels(window).max(axis=2) < 32.0).mean())


def state(window):
    """What an artist would notice: the slider and the mesh."""
    return {
        "width": window.run(f"result = {SKIN}.dreamface.face_width"),
        "shape": window.run(f"result = {SHAPE}"),
    }


def same(now, before):
    assert now["width"] == pytest.approx(before["width"], abs=1e-4)
    assert now["shape"] == pytest.approx(before["shape"], abs=1e-5)
