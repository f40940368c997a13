"""Cameras, visibility, shading and preview pictures."""

from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.close_up import CloseUp, close_up
from dreamface.render.differentiable import (
    Arc,
    FrontLight,
    Mesh,
    Seen,
    Views,
    depth_shades,
    front_light,
    look,
    normal_colours,
    random_grounds,
    random_light,
)
from dreamface.render.environment import fibonacci_sphere, harmonic_basis
from dreamface.render.mouth import MOUTH_LINING, MOUTH_WALLS, wall_light
from dreamface.render.preview import preview
from dreamface.render.raster import RayMesh, Visibility, rasterise
from dreamface.render.shading import face_normals, interpolate, sample_texture, unit, vertex_normals
from dreamface.render.studio import Studio
from dreamface.render.visibility import NvdiffrastRasteriser, Rasteriser, WarpRasteriser, has_nvdiffrast

__all__ = [
    "MOUTH_LINING",
    "MOUTH_WALLS",
    "Arc",
    "Camera",
    "CloseUp",
    "FrontLight",
    "Mesh",
    "NvdiffrastRasteriser",
    "Rasteriser",
    "RayMesh",
    "Seen",
    "Studio",
    "Views",
    "Visibility",
    "WarpRasteriser",
    "close_up",
    "depth_shades",
    "face_normals",
    "fibonacci_sphere",
    "front_light",
    "harmonic_basis",
    "has_nvdiffrast",
    "interpolate",
    "look",
    "normal_colours",
    "portrait_camera",
    "preview",
    "random_grounds",
    "random_light",
    "rasterise",
    "sample_texture",
    "unit",
    "vertex_normals",
    "wall_light",
]
