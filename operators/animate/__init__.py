"""Expressions, footage, a camera, and takes."""
