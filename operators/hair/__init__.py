"""Hair: grown, kept as styles, made into cards."""
