"""From footage, a phone or a recorded take to a Performance: what a face does over time.

Recorded takes are read by `live_link`, what a phone sends by `packets`; `trackers` is the door to what reads pictures.
`smoothing` and `shaping` change a performance, `live` does all of it while it happens.
"""

from dreamface.motion.live_link import read_live_link, write_live_link
from dreamface.motion.moment import Moment
from dreamface.motion.shaping import REGIONS, check_gains, mirrored, retimed
from dreamface.motion.smoothing import check_smoothing, smoothed
from dreamface.motion.takes import Changes, check_changes, make_take, remarks, write_take
from dreamface.motion.trackers import TRACKERS, Tracker, Wishes

__all__ = [
    "REGIONS",
    "TRACKERS",
    "Changes",
    "Moment",
    "Tracker",
    "Wishes",
    "check_changes",
    "check_gains",
    "check_smoothing",
    "make_take",
    "mirrored",
    "read_live_link",
    "remarks",
    "retimed",
    "smoothed",
    "write_live_link",
    "write_take",
]
