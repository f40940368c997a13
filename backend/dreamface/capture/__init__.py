"""From photographs to a person: landmarks, shape, pigments, traits.

What reads landmarks of faces in pictures is here, too; footage (`motion`) uses it. That part needs no torch. The rest
does, and is loaded when it is first used, so that following a face in a camera does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dreamface.capture.landmark_model import LandmarkModel, load_model
from dreamface.capture.landmarks import (
    COUNT,
    Follower,
    Landmarks,
    LandmarkTracker,
    installed_tracker,
    open_tracker,
    used_tracker,
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
from dreamface.capture.pose import Poses, angles, project

if TYPE_CHECKING:
    from dreamface.capture.fitting import MELANIN_DOUBT, fit_person
    from dreamface.capture.lighting import first_tone, note_on_light, split_tone
    from dreamface.capture.photographs import Sighting, find_faces, notes_on, read_photograph
    from dreamface.capture.pins import PINS, Pin, Pinned, Pinning, check_pins, landmark_of, skin_points
    from dreamface.capture.population import TOLD, Population, load_population
    from dreamface.capture.problem import Fit
    from dreamface.capture.reading import ancestry_of, read_features
    from dreamface.capture.skin import Seen, Shot, carry, look
    from dreamface.capture.whites import whites_in

__all__ = [
    "COUNT",
    "MELANIN_DOUBT",
    "PINS",
    "TOLD",
    "USUAL_FOCAL",
    "Fit",
    "Follower",
    "LandmarkModel",
    "LandmarkTracker",
    "Landmarks",
    "Person",
    "Pin",
    "Pinned",
    "Pinning",
    "Population",
    "Poses",
    "Reading",
    "Seen",
    "Shot",
    "Sighting",
    "ancestry_of",
    "angles",
    "carry",
    "check_pins",
    "find_faces",
    "find_person",
    "first_tone",
    "fit_person",
    "installed_tracker",
    "landmark_of",
    "load_model",
    "load_population",
    "look",
    "note_on_light",
    "notes_on",
    "open_tracker",
    "project",
    "read_expression",
    "read_features",
    "read_photograph",
    "refined",
    "skin_points",
    "split_tone",
    "used_tracker",
    "whites_in",
    "with_gaze",
    "with_winks",
]

_HOME = {
    "MELANIN_DOUBT": "fitting",
    "PINS": "pins",
    "TOLD": "population",
    "Fit": "problem",
    "Pin": "pins",
    "Pinned": "pins",
    "Pinning": "pins",
    "Population": "population",
    "Seen": "skin",
    "Shot": "skin",
    "Sighting": "photographs",
    "ancestry_of": "reading",
    "carry": "skin",
    "check_pins": "pins",
    "find_faces": "photographs",
    "first_tone": "lighting",
    "fit_person": "fitting",
    "landmark_of": "pins",
    "load_population": "population",
    "look": "skin",
    "note_on_light": "lighting",
    "notes_on": "photographs",
    "read_features": "reading",
    "read_photograph": "photographs",
    "skin_points": "pins",
    "split_tone": "lighting",
    "whites_in": "whites",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
