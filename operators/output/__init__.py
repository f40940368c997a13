"""Light, assets and export."""
