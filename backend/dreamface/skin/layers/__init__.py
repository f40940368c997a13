"""The skin's layers, one family a file, and their order."""
