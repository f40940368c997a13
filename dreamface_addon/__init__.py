"""The Blender side of DreamFace: everything that operators and panels do their work with.

It never imports `dreamface`, the backend: the two share the face folder and an HTTP interface.
"""
