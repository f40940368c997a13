"""What can go wrong here in ways that an artist can do something about; each message is a sentence for them."""


class SceneError(Exception):
    """Something cannot be done with the face in the scene as it is; nothing was changed."""


class FaceFolderError(SceneError):
    """A face folder cannot be read; nothing was built."""
