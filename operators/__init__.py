"""What an artist can do: one action per file, a few lines each."""

import bpy

from .animate.camera import (
    DREAMFACE_OT_look_for_cameras,
    DREAMFACE_OT_record_camera,
    DREAMFACE_OT_rest_camera,
    DREAMFACE_OT_start_camera,
    DREAMFACE_OT_stop_camera,
)
from .animate.expressions import (
    DREAMFACE_OT_key_expression,
    DREAMFACE_OT_lay_expression,
    DREAMFACE_OT_mirror_expression,
    DREAMFACE_OT_remove_expression_layer,
    DREAMFACE_OT_reset_expression,
    DREAMFACE_OT_use_expression,
)
from .animate.footage import DREAMFACE_OT_show_footage, DREAMFACE_OT_use_footage_rate
from .animate.own_expressions import DREAMFACE_OT_remove_expression, DREAMFACE_OT_save_expression
from .animate.rig import (
    DREAMFACE_OT_add_rig,
    DREAMFACE_OT_aim_eyes,
    DREAMFACE_OT_bones_move_eyes,
    DREAMFACE_OT_remove_rig,
    DREAMFACE_OT_visemes,
)
from .animate.takes import (
    DREAMFACE_OT_apply_take,
    DREAMFACE_OT_bake_range,
    DREAMFACE_OT_bake_take,
    DREAMFACE_OT_clean_keys,
    DREAMFACE_OT_delete_take,
    DREAMFACE_OT_fit_scene,
    DREAMFACE_OT_push_take,
    DREAMFACE_OT_reset_shaping,
    DREAMFACE_OT_retime,
    DREAMFACE_OT_take_off,
    DREAMFACE_OT_use_as_neutral,
    DREAMFACE_OT_use_take,
)
from .animate.track import (
    DREAMFACE_FH_track,
    DREAMFACE_OT_dismiss_arrived,
    DREAMFACE_OT_track,
    DREAMFACE_OT_use_arrived,
)
from .create.bring_in import DREAMFACE_OT_bring_in
from .create.cancel import DREAMFACE_OT_cancel
from .create.chip import DREAMFACE_OT_chip, DREAMFACE_OT_correct_words
from .create.close_gallery import DREAMFACE_OT_close_gallery
from .create.compare import DREAMFACE_OT_compare
from .create.detail import DREAMFACE_OT_detail_by_diffusion
from .create.dismiss import DREAMFACE_OT_dismiss
from .create.dismiss_error import DREAMFACE_OT_dismiss_error
from .create.dismiss_remarks import DREAMFACE_OT_dismiss_remarks
from .create.edit_prompt import DREAMFACE_OT_edit_prompt
from .create.fast_detail import DREAMFACE_OT_fast_detail
from .create.generate import DREAMFACE_OT_generate
from .create.import_face import DREAMFACE_FH_import_face, DREAMFACE_OT_import_face
from .create.library import DREAMFACE_OT_bring_in_made, DREAMFACE_OT_delete_made, DREAMFACE_OT_turn_library
from .create.looks import (
    DREAMFACE_OT_drop_look,
    DREAMFACE_OT_remove_look,
    DREAMFACE_OT_save_look,
    DREAMFACE_OT_use_look,
)
from .create.photographs import (
    DREAMFACE_FH_choose_photographs,
    DREAMFACE_OT_agree_photographs,
    DREAMFACE_OT_choose_photographs,
    DREAMFACE_OT_drop_photograph,
    DREAMFACE_OT_from_photo,
    DREAMFACE_OT_leave_photo,
    DREAMFACE_OT_save_photo_expression,
    DREAMFACE_OT_view_photo,
    DREAMFACE_OT_wear_photo,
)
from .create.pick import DREAMFACE_OT_pick
from .create.pins import DREAMFACE_OT_keep_pins, DREAMFACE_OT_pins, DREAMFACE_OT_put_pins_back
from .create.recover import DREAMFACE_OT_dismiss_offer, DREAMFACE_OT_recover
from .create.roll_seed import DREAMFACE_OT_roll_seed
from .create.select_head import DREAMFACE_OT_select_head
from .create.toggle_words import DREAMFACE_OT_toggle_words
from .create.use_prompt import DREAMFACE_OT_use_prompt
from .edit.clear_sculpt import DREAMFACE_OT_clear_sculpt
from .edit.others import DREAMFACE_OT_copy_edits, DREAMFACE_OT_mix_with
from .edit.picture import DREAMFACE_OT_place_picture, DREAMFACE_OT_project_picture
from .edit.place import (
    DREAMFACE_OT_clear_place,
    DREAMFACE_OT_end_painting,
    DREAMFACE_OT_go_on_painting,
    DREAMFACE_OT_import_mask,
    DREAMFACE_OT_mark_box,
    DREAMFACE_OT_mark_everywhere,
    DREAMFACE_OT_mark_faces,
    DREAMFACE_OT_mark_group,
    DREAMFACE_OT_mark_region,
    DREAMFACE_OT_new_sketch,
    DREAMFACE_OT_paint_mask,
)
from .edit.say import (
    DREAMFACE_OT_diffuse_edit,
    DREAMFACE_OT_make_sketch,
    DREAMFACE_OT_say_edit,
    DREAMFACE_OT_talk,
    DREAMFACE_OT_use_edit_words,
)
from .edit.say import (
    say_field as say_field,
)
from .edit.stack import (
    DREAMFACE_OT_clear_edit_mask,
    DREAMFACE_OT_delete_edit,
    DREAMFACE_OT_duplicate_edit,
    DREAMFACE_OT_move_edit,
)
from .hair.cards import DREAMFACE_OT_make_cards, DREAMFACE_OT_show_cards
from .hair.grow import DREAMFACE_OT_grow_hair
from .hair.node_assets import DREAMFACE_OT_use_node_assets
from .hair.styles import DREAMFACE_OT_remove_style, DREAMFACE_OT_save_style, DREAMFACE_OT_turn_style
from .output.add_studio import DREAMFACE_OT_add_studio
from .output.export_face import DREAMFACE_OT_export_face
from .output.mark_asset import DREAMFACE_OT_mark_asset
from .person.explore import (
    DREAMFACE_OT_close_explore,
    DREAMFACE_OT_explore,
    DREAMFACE_OT_explore_axis,
    DREAMFACE_OT_explore_pick,
    DREAMFACE_OT_explore_towards,
)
from .person.regions import DREAMFACE_OT_lock_region, DREAMFACE_OT_roll_region
from .person.reset_trait import DREAMFACE_OT_reset_trait
from .setup.add_checkpoint import DREAMFACE_OT_add_checkpoint
from .setup.cancel_model import DREAMFACE_OT_cancel_model
from .setup.cancel_set_up import DREAMFACE_OT_cancel_set_up
from .setup.choose_model import DREAMFACE_OT_choose_model
from .setup.copy_diagnostics import DREAMFACE_OT_copy_diagnostics
from .setup.dismiss_model import DREAMFACE_OT_dismiss_model
from .setup.free_space import DREAMFACE_OT_free_space
from .setup.install_model import DREAMFACE_OT_install_model
from .setup.install_model_file import DREAMFACE_OT_install_model_file
from .setup.remove_made import DREAMFACE_OT_remove_made
from .setup.remove_model import DREAMFACE_OT_remove_model
from .setup.set_up_backend import DREAMFACE_OT_set_up_backend
from .setup.show_log import DREAMFACE_OT_show_log
from .setup.start_backend import DREAMFACE_OT_start_backend
from .setup.stop_backend import DREAMFACE_OT_stop_backend
from .setup.verify_model import DREAMFACE_OT_verify_model
from .skin.layers import DREAMFACE_OT_add_layer, DREAMFACE_OT_remove_layer
from .skin.paint import DREAMFACE_OT_paint
from .skin.use_swatch import DREAMFACE_OT_use_swatch

_CLASSES = (
    DREAMFACE_OT_move_edit,
    DREAMFACE_OT_duplicate_edit,
    DREAMFACE_OT_delete_edit,
    DREAMFACE_OT_clear_edit_mask,
    DREAMFACE_OT_paint_mask,
    DREAMFACE_OT_new_sketch,
    DREAMFACE_OT_end_painting,
    DREAMFACE_OT_go_on_painting,
    DREAMFACE_OT_mark_box,
    DREAMFACE_OT_mark_faces,
    DREAMFACE_OT_mark_group,
    DREAMFACE_OT_mark_region,
    DREAMFACE_OT_mark_everywhere,
    DREAMFACE_OT_clear_place,
    DREAMFACE_OT_import_mask,
    DREAMFACE_OT_diffuse_edit,
    DREAMFACE_OT_say_edit,
    DREAMFACE_OT_talk,
    DREAMFACE_OT_use_edit_words,
    DREAMFACE_OT_make_sketch,
    DREAMFACE_OT_copy_edits,
    DREAMFACE_OT_mix_with,
    DREAMFACE_OT_place_picture,
    DREAMFACE_OT_project_picture,
    DREAMFACE_OT_add_checkpoint,
    DREAMFACE_OT_add_layer,
    DREAMFACE_OT_add_rig,
    DREAMFACE_OT_add_studio,
    DREAMFACE_OT_aim_eyes,
    DREAMFACE_OT_bones_move_eyes,
    DREAMFACE_OT_bring_in,
    DREAMFACE_OT_bring_in_made,
    DREAMFACE_OT_cancel,
    DREAMFACE_OT_cancel_model,
    DREAMFACE_OT_cancel_set_up,
    DREAMFACE_OT_choose_model,
    DREAMFACE_OT_clear_sculpt,
    DREAMFACE_OT_close_gallery,
    DREAMFACE_OT_compare,
    DREAMFACE_OT_copy_diagnostics,
    DREAMFACE_OT_delete_made,
    DREAMFACE_OT_detail_by_diffusion,
    DREAMFACE_OT_fast_detail,
    DREAMFACE_OT_dismiss,
    DREAMFACE_OT_dismiss_error,
    DREAMFACE_OT_dismiss_model,
    DREAMFACE_OT_dismiss_offer,
    DREAMFACE_OT_drop_look,
    DREAMFACE_OT_edit_prompt,
    DREAMFACE_OT_export_face,
    DREAMFACE_OT_generate,
    DREAMFACE_OT_choose_photographs,
    DREAMFACE_FH_choose_photographs,
    DREAMFACE_OT_drop_photograph,
    DREAMFACE_OT_agree_photographs,
    DREAMFACE_OT_from_photo,
    DREAMFACE_OT_view_photo,
    DREAMFACE_OT_leave_photo,
    DREAMFACE_OT_wear_photo,
    DREAMFACE_OT_save_photo_expression,
    DREAMFACE_OT_pins,
    DREAMFACE_OT_keep_pins,
    DREAMFACE_OT_put_pins_back,
    DREAMFACE_OT_grow_hair,
    DREAMFACE_OT_import_face,
    DREAMFACE_FH_import_face,
    DREAMFACE_OT_install_model,
    DREAMFACE_OT_install_model_file,
    DREAMFACE_OT_close_explore,
    DREAMFACE_OT_explore,
    DREAMFACE_OT_explore_axis,
    DREAMFACE_OT_explore_pick,
    DREAMFACE_OT_explore_towards,
    DREAMFACE_OT_lock_region,
    DREAMFACE_OT_make_cards,
    DREAMFACE_OT_mark_asset,
    DREAMFACE_OT_paint,
    DREAMFACE_OT_pick,
    DREAMFACE_OT_recover,
    DREAMFACE_OT_remove_layer,
    DREAMFACE_OT_remove_look,
    DREAMFACE_OT_free_space,
    DREAMFACE_OT_remove_made,
    DREAMFACE_OT_remove_model,
    DREAMFACE_OT_remove_rig,
    DREAMFACE_OT_remove_style,
    DREAMFACE_OT_reset_trait,
    DREAMFACE_OT_roll_region,
    DREAMFACE_OT_roll_seed,
    DREAMFACE_OT_save_look,
    DREAMFACE_OT_save_style,
    DREAMFACE_OT_select_head,
    DREAMFACE_OT_set_up_backend,
    DREAMFACE_OT_show_log,
    DREAMFACE_OT_start_backend,
    DREAMFACE_OT_show_cards,
    DREAMFACE_OT_stop_backend,
    DREAMFACE_OT_chip,
    DREAMFACE_OT_dismiss_remarks,
    DREAMFACE_OT_correct_words,
    DREAMFACE_OT_toggle_words,
    DREAMFACE_OT_turn_library,
    DREAMFACE_OT_turn_style,
    DREAMFACE_OT_use_look,
    DREAMFACE_OT_use_node_assets,
    DREAMFACE_OT_use_prompt,
    DREAMFACE_OT_use_swatch,
    DREAMFACE_OT_verify_model,
    DREAMFACE_OT_visemes,
    DREAMFACE_OT_look_for_cameras,
    DREAMFACE_OT_record_camera,
    DREAMFACE_OT_start_camera,
    DREAMFACE_OT_rest_camera,
    DREAMFACE_OT_stop_camera,
    DREAMFACE_OT_use_as_neutral,
    DREAMFACE_OT_reset_expression,
    DREAMFACE_OT_use_expression,
    DREAMFACE_OT_mirror_expression,
    DREAMFACE_OT_key_expression,
    DREAMFACE_OT_lay_expression,
    DREAMFACE_OT_remove_expression_layer,
    DREAMFACE_OT_save_expression,
    DREAMFACE_OT_remove_expression,
    DREAMFACE_OT_show_footage,
    DREAMFACE_OT_use_footage_rate,
    DREAMFACE_OT_apply_take,
    DREAMFACE_OT_bake_range,
    DREAMFACE_OT_bake_take,
    DREAMFACE_OT_clean_keys,
    DREAMFACE_OT_delete_take,
    DREAMFACE_OT_fit_scene,
    DREAMFACE_OT_push_take,
    DREAMFACE_OT_reset_shaping,
    DREAMFACE_OT_retime,
    DREAMFACE_OT_take_off,
    DREAMFACE_OT_use_take,
    DREAMFACE_OT_dismiss_arrived,
    DREAMFACE_OT_track,
    DREAMFACE_OT_use_arrived,
    DREAMFACE_FH_track,
)


def _import_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(DREAMFACE_OT_import_face.bl_idname, text="DreamFace Face (face.json)")


def _export_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(DREAMFACE_OT_export_face.bl_idname, text="DreamFace Face (.glb/.fbx/.usdc/.obj)")


def register() -> None:
    """Add the operators and their entries in the File menu."""
    for class_ in _CLASSES:
        bpy.utils.register_class(class_)
    bpy.types.TOPBAR_MT_file_import.append(_import_entry)
    bpy.types.TOPBAR_MT_file_export.append(_export_entry)


def unregister() -> None:
    """Take them out."""
    bpy.types.TOPBAR_MT_file_export.remove(_export_entry)
    bpy.types.TOPBAR_MT_file_import.remove(_import_entry)
    for class_ in reversed(_CLASSES):
        bpy.utils.unregister_class(class_)
