"""Making faces, choosing among them and bringing them in."""
