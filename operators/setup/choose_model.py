"""Use under Models in the preferences."""

import bpy

from .model_action import ModelAction


class DREAMFACE_OT_choose_model(ModelAction, bpy.types.Operator):
    """Have diffusion work with this model from now on"""

    bl_idname = "dreamface.choose_model"
    bl_label = "Use Model"
    bl_options = {"INTERNAL"}
    kind = "choose_model"
