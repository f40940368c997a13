"""Face folders as Blender objects, materials and shape keys; bpy, numpy and the standard library only."""

from .assets import mark_as_asset
from .errors import FaceFolderError, SceneError
from .exporting import can_export, export_face
from .importing import ImportedFace, import_face
from .reading import FaceFolder, read_face_folder
from .records import find_face, own_id, parts_of, record, skin_of
from .reshaping import reshape
from .studio import add_studio
from .updating import update_face

__all__ = [
    "FaceFolder",
    "FaceFolderError",
    "ImportedFace",
    "SceneError",
    "add_studio",
    "can_export",
    "export_face",
    "find_face",
    "import_face",
    "mark_as_asset",
    "own_id",
    "parts_of",
    "read_face_folder",
    "record",
    "reshape",
    "skin_of",
    "update_face",
]
