"""What is carried from one topology to another: correspondence, morph targets, textures."""
