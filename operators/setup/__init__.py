"""The backend and the models that it uses."""
