"""DreamFace's engine and the models that it uses."""
