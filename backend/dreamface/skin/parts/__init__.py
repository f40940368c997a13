"""What is painted beside the skin: eyes, mouth, lashes."""
