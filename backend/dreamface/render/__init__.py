"""Cameras, visibility, shading and preview pictures."""

from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.close_up import CloseUp, close_up
from dreamface.render.preview import preview
from dreamface.render.raster import RayMesh, Visibility, rasterise
from dreamface.render.shading import interpolate, sample_texture, unit, vertex_normals

__all__ = [
    "Camera",
    "CloseUp",
    "RayMesh",
    "Visibility",
    "close_up",
    "interpolate",
    "portrait_camera",
    "preview",
    "rasterise",
    "sample_texture",
    "unit",
    "vertex_normals",
]
