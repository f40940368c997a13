"""Bones through the sidebar's buttons: with sliders, sculpting, Pose Mode, undo, and files."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.test_panels import drawn
from tests.e2e.test_sidebar import why_not
from tests.gltf_validator import validate_glb


def joints(armature):
    return np.array([bone.head_local for bone in armature.data.bones])


@pytest.mark.slow
def test_a_head_gets_bones_that_follow_it_and_loses_them_again(blender, tmp_path):
    bpy, ops = blender.bpy, blender.bpy.ops.dreamface
    scene = blender.module("scene")
    face = blender.new_face("a woman", seed=5)
    name = face.name
    blender.module("placing").select(face)
    assert "press Add Rig" in why_not(ops.remove_rig)
    assert "Rig" in drawn(blender, "animate")
    assert ops.add_rig() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="rig")
    armature = scene.rig_of(face)
    assert "bones already" in why_not(ops.add_rig)
    before = joints(armature)
    face.dreamface.age = 9.0
    blender.rest()
    assert np.abs(joints(armature) - before).max() > 1e-3, "a child's joints are elsewhere"
    assert armature.mode == "OBJECT" and bpy.context.mode == "OBJECT"

    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    assert ops.aim_eyes() == {"FINISHED"}
    assert bpy.context.mode == "POSE" and scene.eye_target(face) is not None
    assert "look at a target" in why_not(ops.bones_move_eyes)
    bpy.ops.object.mode_set(mode="OBJECT")
    reports = []
    for level in ("0", "3"):
        options = {"bones": "unreal", "visemes": True, "level": level}
        assert ops.export_face(filepath=str(tmp_path / "head.glb"), **options) == {"FINISHED"}
        reports.append(validate_glb(tmp_path / "head.glb"))
        assert not reports[-1]["issues"]["numErrors"] and reports[-1]["info"]["hasSkins"]
    whole, few = (report["info"]["totalTriangleCount"] for report in reports)
    assert few < 0.15 * whole
    assert ops.aim_eyes() == {"FINISHED"} and scene.eye_target(face) is None

    assert ops.visemes() == {"FINISHED"} and scene.has_visemes(face)
    bpy.context.view_layer.objects.active = armature
    assert ops.remove_rig() == {"FINISHED"}
    assert bpy.context.view_layer.objects.active == face and scene.rig_of(face) is None
    bpy.ops.ed.undo_push(message="no rig")
    bpy.ops.ed.undo()
    face = bpy.data.objects[name]
    assert scene.rig_of(face) is not None, "undo brings it back"


@pytest.mark.slow
def test_parts_follow_a_rig_of_ones_own_by_themselves(blender):
    bpy = blender.bpy
    face = blender.new_face("a man", seed=6)
    rig = bpy.data.objects.new("Body", bpy.data.armatures.new("Body"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("Skull")
    bone.head, bone.tail = (0.0, 0.0, 0.1), (0.0, 0.0, 0.3)
    bpy.ops.object.mode_set(mode="OBJECT")
    face.vertex_groups.new(name="Skull").add(list(range(len(face.data.vertices))), 1.0, "REPLACE")
    face.modifiers.new("Body", "ARMATURE").object = rig
    parts = [object_ for object_ in blender.module("scene").parts_of(face) if object_ != face]
    blender.until(lambda: all(part.find_armature() == rig for part in parts))
    assert all("Skull" in part.vertex_groups for part in parts)
