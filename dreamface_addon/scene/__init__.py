"""Face folders as Blender objects, materials and shape keys; bpy, numpy and the standard library only."""

from .applying import applied_transform, check_not_applied
from .armature import add_rig, remove_rig, settle_rig
from .assets import mark_as_asset
from .attachments import files_of
from .card_view import hides_hair, show_cards, shows_cards
from .cards import cards_are_old, cards_state, make_cards, show_newer_hair
from .clearing import SculptedChanges, clear_sculpted, edited_parts, sculpted_distance, sculpted_expressions
from .errors import FaceFolderError, SceneError
from .exporting import can_export, export_face
from .followers import armatures_of, follow_armatures
from .gaze import aim_eyes, bones_move_eyes, eye_target, eyes_follow_bones, release_eyes
from .grooms import REGIONS as HAIR_NAMES
from .hair import (
    carry_hair,
    deleted_hair,
    edited_hair,
    grow_hair,
    grown_marks,
    hair_curves_of,
    knows_grown,
    mark_grown,
    pack_hair,
    renew_hair_map,
    settle_hair,
    use_blender_nodes,
)
from .hair_look import hair_density, set_hair_density, wants_blender_nodes
from .importing import ImportedFace, import_face
from .lending import holds_bones
from .lighting import LIGHTINGS
from .naming import NAME, name_from, name_of, rename_face
from .node_assets import has_library as has_hair_library
from .reading import FaceFolder, read_face_folder
from .records import (
    FACE_ID,
    LAYERS_PROPERTY,
    MEASURED_PROPERTY,
    TRAITS_PROPERTY,
    cards_of,
    find_face,
    hair_of,
    is_skin,
    mark_shown,
    parts_of,
    record,
    rig_of,
    separate_copies,
    shows,
    skin_of,
    skins,
    strengths,
)
from .reshaping import reshape
from .studio import add_studio
from .updating import update_face
from .visemes import add_visemes, has_visemes, remove_visemes
from .wrinkles import strength_of as wrinkle_strength

__all__ = [
    "FACE_ID",
    "HAIR_NAMES",
    "LAYERS_PROPERTY",
    "LIGHTINGS",
    "MEASURED_PROPERTY",
    "NAME",
    "TRAITS_PROPERTY",
    "FaceFolder",
    "FaceFolderError",
    "ImportedFace",
    "SceneError",
    "SculptedChanges",
    "add_rig",
    "add_studio",
    "add_visemes",
    "aim_eyes",
    "applied_transform",
    "armatures_of",
    "bones_move_eyes",
    "can_export",
    "cards_are_old",
    "cards_of",
    "cards_state",
    "carry_hair",
    "check_not_applied",
    "clear_sculpted",
    "deleted_hair",
    "edited_hair",
    "edited_parts",
    "export_face",
    "eye_target",
    "eyes_follow_bones",
    "files_of",
    "find_face",
    "follow_armatures",
    "grow_hair",
    "grown_marks",
    "hair_curves_of",
    "hair_density",
    "hair_of",
    "has_hair_library",
    "has_visemes",
    "hides_hair",
    "holds_bones",
    "import_face",
    "is_skin",
    "knows_grown",
    "make_cards",
    "mark_as_asset",
    "mark_grown",
    "mark_shown",
    "name_from",
    "name_of",
    "pack_hair",
    "parts_of",
    "read_face_folder",
    "record",
    "release_eyes",
    "remove_rig",
    "remove_visemes",
    "rename_face",
    "renew_hair_map",
    "reshape",
    "rig_of",
    "sculpted_distance",
    "sculpted_expressions",
    "separate_copies",
    "set_hair_density",
    "settle_hair",
    "settle_rig",
    "show_cards",
    "show_newer_hair",
    "shows",
    "shows_cards",
    "skin_of",
    "skins",
    "strengths",
    "update_face",
    "use_blender_nodes",
    "wants_blender_nodes",
    "wrinkle_strength",
]
