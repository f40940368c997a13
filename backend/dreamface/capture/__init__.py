"""From photographs to a person: landmarks, shape, pigments, traits.

What reads landmarks of faces in pictures is here, too; footage (`motion`) uses it.
"""

from dreamface.capture.landmark_model import LandmarkModel, load_model
from dreamface.capture.landmarks import (
    COUNT,
    WITH_VIDEO,
    Follower,
    Landmarks,
    LandmarkTracker,
    installed_tracker,
    open_tracker,
)
from dreamface.capture.person import (
    USUAL_FOCAL,
    Person,
    Reading,
    find_person,
    read_expression,
    refined,
    with_gaze,
    with_winks,
)
from dreamface.capture.pose import Poses, angles

__all__ = [
    "COUNT",
    "USUAL_FOCAL",
    "WITH_VIDEO",
    "Follower",
    "LandmarkModel",
    "LandmarkTracker",
    "Landmarks",
    "Person",
    "Poses",
    "Reading",
    "angles",
    "find_person",
    "installed_tracker",
    "load_model",
    "open_tracker",
    "read_expression",
    "refined",
    "with_gaze",
    "with_winks",
]
