"""Lids that meet: the extension and the backend end a blink at the same place."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dreamface.face import LID_CLOSING, expression_weights
from dreamface.head import HeadSource, load_model
from dreamface.traits import Traits

SHAPES = ("eyeBlinkLeft", "eyeSquintLeft", "cheekSquintLeft", "eyeLookDownLeft")
POSES = ((1.0, 0.0, 0.0, 0.0), (1.0, 0.5, 0.7, 0.0), (1.0, 0.0, 0.0, 1.0), (0.3, 0.8, 0.0, 0.0))


@pytest.mark.parametrize("pose", POSES)
def test_both_sides_end_a_blink_at_the_same_place(bpy, pose):
    from dreamface_addon.scene import lids

    assert dict(lids.LID_CLOSING) == dict(LID_CLOSING)
    traits = Traits({f"expression.{name}": weight for name, weight in zip(SHAPES, pose, strict=True)})
    ours = lids.lids_meeting(np.array(pose), SHAPES)
    np.testing.assert_allclose(ours, expression_weights(traits, SHAPES).numpy(), atol=1e-6)


def test_a_take_is_changed_frame_by_frame_and_only_in_its_blinks(bpy):
    from dreamface_addon.scene.lids import lids_meeting

    take = np.array(POSES)
    met = lids_meeting(take, SHAPES)
    np.testing.assert_array_equal(met[:, 1:], take[:, 1:])
    assert met[0, 0] == 1.0 and met[1, 0] < 0.9 and met[2, 0] < 0.7 and met[3, 0] == 0.3
    np.testing.assert_array_equal(lids_meeting(take[:, 1:], SHAPES[1:]), take[:, 1:])  # a take without blinks


@pytest.mark.parametrize("pose", POSES[1:3])
def test_shut_lids_cross_no_more_than_a_blink_does(pose):
    model = load_model("anny")
    head = model.build(HeadSource(Traits(), torch.Generator().manual_seed(2)))
    shapes = model.shapes(head)

    def opening(weights):
        """Metres between the lids."""
        traits = Traits({f"expression.{name}": weight for name, weight in weights.items()})
        posed = head.vertices + (expression_weights(traits, model.shape_names)[:, None, None] * shapes).sum(dim=0)
        upper, lower = (posed[head.topology.landmarks[f"lid_{which}_l"]] for which in ("upper", "lower"))
        return float((upper - lower)[2])

    blink, squinting = opening({"eyeBlinkLeft": 1.0}), opening(dict(zip(SHAPES, pose, strict=True)))
    assert blink - 1.5e-3 < squinting < 0.5e-3
