"""Runs inside a Blender with a window: executes the snippets that the test drops into a folder, one file each.

A snippet sees `bpy` and puts what it wants to tell into `result`, which goes back as JSON.
"""

import json
import os
import traceback
from pathlib import Path

import bpy

FOLDER = Path(os.environ["DREAMFACE_PROBE"])
INTERVAL = 0.03  # seconds


def answer_snippets():
    for snippet in sorted(FOLDER.glob("*.snippet")):
        names = {"bpy": bpy, "result": None}
        try:
            exec(compile(snippet.read_text("utf-8"), snippet.name, "exec"), names)
            reply = {"result": names["result"]}
        except Exception:
            reply = {"error": traceback.format_exc()}
        snippet.unlink()
        part = snippet.with_suffix(".part")
        part.write_text(json.dumps(reply), "utf-8")
        part.rename(snippet.with_suffix(".reply"))
    return INTERVAL


bpy.app.timers.register(answer_snippets, first_interval=0.5, persistent=True)
