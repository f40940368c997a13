"""The face that most tests of the scene look at.

Beside a bpy without torch, such as another Blender's, the tests that make their faces themselves are left out.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

NEED_NO_TORCH = ("test_extension_zip.py",)

WITH_HAIR = {"hairy", "hairy_folder"}

collect_ignore: list[str] = []
if find_spec("torch") is None:
    here = Path(__file__).parent
    collect_ignore = [path.name for path in here.glob("test_*.py") if path.name not in NEED_NO_TORCH]


def pytest_report_header() -> list[str]:
    return ["torch is not installed: of tests/addon only the zip is tested"] if collect_ignore else []


@pytest.fixture(scope="session")
def hair_nodes(bpy, tmp_path_factory):
    """A .blend with DreamFace's hair nodes. Blender takes half a second to build them, and a moment to append them."""
    from dreamface_addon.scene.hair_nodes import hair_group

    path = tmp_path_factory.mktemp("nodes") / "hair.blend"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.data.libraries.write(str(path), {hair_group()})
    return path


@pytest.fixture
def scene(bpy, request):
    """An empty file; the hair nodes are there already where a test has hair, as they are from the second head on."""
    nodes = request.getfixturevalue("hair_nodes") if WITH_HAIR & set(request.fixturenames) else None
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if nodes is not None:
        with bpy.data.libraries.load(str(nodes)) as (there, here):
            here.node_groups = there.node_groups
        for library in list(bpy.data.libraries):  # they are this file's own now
            bpy.data.libraries.remove(library)
    return bpy.context.scene


@pytest.fixture(scope="module")
def face():
    from tests.support import synthetic_face

    return synthetic_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def face_folder(face, tmp_path_factory):
    from dreamface import folder

    return folder.save(face, tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def imported(scene, face_folder):
    from dreamface_addon.scene import import_face

    return import_face(face_folder)


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    from tests.addon.faces import with_hair

    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, "scalp", "brows")


@pytest.fixture
def scalp(hairy):
    from dreamface_addon.scene import hair_of

    return hair_of(hairy.skin)["scalp"]
