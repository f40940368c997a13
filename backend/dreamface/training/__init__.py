"""How each shipped data file was made, runnable again."""
