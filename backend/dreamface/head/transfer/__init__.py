"""What is transferred from one topology to another: correspondence, morph targets, textures."""
