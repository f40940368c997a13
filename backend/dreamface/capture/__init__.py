"""From photographs to a person: landmarks, shape, pigments, traits.

What reads landmarks of faces in pictures is here, too; footage (`motion`) uses it.
"""

from dreamface.capture.fitting import MELANIN_DOUBT, Fit, fit_person
from dreamface.capture.landmark_model import LandmarkModel, load_model
from dreamface.capture.landmarks import (
    COUNT,
    Follower,
    Landmarks,
    LandmarkTracker,
    installed_tracker,
    open_tracker,
)
from dreamface.capture.lighting import first_tone, note_on_light, split_tone
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
from dreamface.capture.photographs import Sighting, find_faces, notes_on, read_photograph, used_tracker
from dreamface.capture.population import TOLD, Population, load_population
from dreamface.capture.pose import Poses, angles
from dreamface.capture.reading import ancestry_of, read_features
from dreamface.capture.skin import Seen, Shot, carry, look

__all__ = [
    "COUNT",
    "MELANIN_DOUBT",
    "TOLD",
    "USUAL_FOCAL",
    "Fit",
    "Follower",
    "LandmarkModel",
    "LandmarkTracker",
    "Landmarks",
    "Person",
    "Population",
    "Poses",
    "Reading",
    "Seen",
    "Shot",
    "Sighting",
    "ancestry_of",
    "angles",
    "carry",
    "find_faces",
    "find_person",
    "first_tone",
    "fit_person",
    "installed_tracker",
    "load_model",
    "load_population",
    "look",
    "note_on_light",
    "notes_on",
    "open_tracker",
    "read_expression",
    "read_features",
    "read_photograph",
    "refined",
    "split_tone",
    "used_tracker",
    "with_gaze",
    "with_winks",
]
