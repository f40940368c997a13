"""What the skin looks like."""
