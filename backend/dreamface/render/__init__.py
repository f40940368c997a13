"""Cameras, visibility, shading and preview pictures."""

from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.close_up import CloseUp, close_up
from dreamface.render.environment import fibonacci_sphere
from dreamface.render.mouth import MOUTH_LINING, MOUTH_WALLS, wall_light
from dreamface.render.preview import preview
from dreamface.render.raster import RayMesh, Visibility, rasterise
from dreamface.render.shading import interpolate, sample_texture, unit, vertex_normals

__all__ = [
    "MOUTH_LINING",
    "MOUTH_WALLS",
    "Camera",
    "CloseUp",
    "RayMesh",
    "Visibility",
    "close_up",
    "fibonacci_sphere",
    "interpolate",
    "portrait_camera",
    "preview",
    "rasterise",
    "sample_texture",
    "unit",
    "vertex_normals",
    "wall_light",
]
