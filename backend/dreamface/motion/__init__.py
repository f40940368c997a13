"""From footage, a phone or a recorded take to a Performance: what a face does over time.

Recorded takes are read by `live_link`, what a phone sends by `packets`; `trackers` is the door to what reads pictures.
`smoothing` and `shaping` change a performance, `live` does all of it while it happens.
"""

from dreamface.motion.cameras import list_cameras
from dreamface.motion.live import Adjustments, Live, Shown, check_source
from dreamface.motion.live_link import read_live_link, write_live_link
from dreamface.motion.moment import Moment
from dreamface.motion.phones import is_phone
from dreamface.motion.recording import Recorded, rescue
from dreamface.motion.shaping import REGIONS, check_gains, mirrored, retimed
from dreamface.motion.smoothing import check_smoothing, smoothed
from dreamface.motion.takes import Changes, check_changes, make_take, remarks, write_take
from dreamface.motion.trackers import TRACKERS, Tracker, Wishes

__all__ = [
    "REGIONS",
    "TRACKERS",
    "Adjustments",
    "Changes",
    "Live",
    "Moment",
    "Recorded",
    "Shown",
    "Tracker",
    "Wishes",
    "check_changes",
    "check_gains",
    "check_smoothing",
    "check_source",
    "is_phone",
    "list_cameras",
    "make_take",
    "mirrored",
    "read_live_link",
    "remarks",
    "rescue",
    "retimed",
    "smoothed",
    "write_live_link",
    "write_take",
]
