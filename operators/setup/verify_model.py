"""Verify under Models in the preferences."""

import bpy

from .model_action import ModelAction


class DREAMFACE_OT_verify_model(ModelAction, bpy.types.Operator):
    """Check that this model is whole and of the version that DreamFace expects"""

    bl_idname = "dreamface.verify_model"
    bl_label = "Verify Model"
    bl_options = {"INTERNAL"}
    kind = "verify_model"
