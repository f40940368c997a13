"""Face folders as Blender objects, materials and shape keys; bpy, numpy and the standard library only."""

from .importing import ImportedFace, import_face
from .reading import FaceFolder, FaceFolderError, read_face_folder

__all__ = ["FaceFolder", "FaceFolderError", "ImportedFace", "import_face", "read_face_folder"]
