"""Who the face is."""
