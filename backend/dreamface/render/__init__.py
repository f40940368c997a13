"""Cameras, visibility, shading and preview pictures."""

from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.preview import preview
from dreamface.render.raster import Surface, Visibility, rasterise

__all__ = ["Camera", "Surface", "Visibility", "portrait_camera", "preview", "rasterise"]
