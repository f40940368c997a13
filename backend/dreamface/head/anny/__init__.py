"""The built-in head: MakeHuman's base mesh and morph targets (CC0), with eyes, mouth and lashes of our own."""
