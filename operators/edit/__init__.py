"""Changes of a face that is there."""
