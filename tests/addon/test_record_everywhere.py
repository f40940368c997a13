"""A face's record has one list of fields: a new one is found again everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dreamface

ROUND_TRIP = """
import os
import sys
from dataclasses import replace

from dreamface import folder
from dreamface.record import FaceRecord
from dreamface.service.schemas import to_record
from dreamface_addon import scene
from tests.support import synthetic_face

face = synthetic_face()
record = replace(face.record, head="anny", resolution=512, nickname="Ada")
path = folder.save(replace(face, record=record, head=replace(face.head, model="anny")), sys.argv[1])
assert folder.load(path).record.nickname == "Ada", "the folder forgets it"
sent = to_record(folder.load(path).record.to_json())
assert sent.nickname == "Ada", "the service forgets it"
skin = scene.import_face(path).skin
back = to_record(scene.record(skin))
assert back.nickname == "Ada", "Blender forgets it"
assert back == record
print("all kept", flush=True)
os._exit(0)  # bpy may hang at exit
"""


def test_a_new_field_of_the_record_is_found_again_everywhere(bpy, tmp_path):
    """One file is changed, and the field comes back from the folder, the service and Blender."""
    package = tmp_path / "backend" / "dreamface"
    shutil.copytree(Path(dreamface.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    file = package / "record.py"
    last = "    layers: LayersField = ()\n"
    source = file.read_text("utf-8")
    assert last in source
    file.write_text(source.replace(last, last + '    nickname: str = ""\n'), "utf-8")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ROUND_TRIP, str(tmp_path / "face")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(package.parent), str(root)))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "all kept" in done.stdout, done.stderr[-2000:]
