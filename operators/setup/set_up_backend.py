"""Setting up DreamFace's engine."""

import bpy

from ...dreamface_addon import application, interface


class DREAMFACE_OT_set_up_backend(bpy.types.Operator):
    """Install DreamFace's engine, which makes the faces, into a folder of its own: 0.8 GB or more to download, once"""

    bl_idname = "dreamface.set_up_backend"
    bl_label = "Set Up DreamFace's Engine"

    accelerator: bpy.props.BoolProperty(
        name="For an NVIDIA Card",
        description="Let models compute on an NVIDIA card: 3 GB to download and 12 GB of disk",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    video: bpy.props.BoolProperty(
        name="Follow Faces in Video",
        description="Add what reads faces in videos and cameras, whatever the preferences say",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    diffusion: bpy.props.BoolProperty(
        name="Diffusion Models",
        description="Add what diffusion models take, whatever the preferences say",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return what would be downloaded."""
        if properties.accelerator:
            return "Set DreamFace's engine up anew, so that diffusion computes on your NVIDIA card: 3 GB to download"
        if properties.video:
            return "Add what reads faces in videos and cameras to DreamFace's engine: 0.2 GB to download"
        if properties.diffusion:
            return "Add what diffusion models take to DreamFace's engine: 40 MB to download; models come after it"
        return str(cls.__doc__)

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it online, while not set up."""
        return interface.allow(cls, application.get().setup.why_not_set_up())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Begin, or go on where it stopped."""
        application.get().setup.start_setup(self.accelerator, self.video, self.diffusion)
        return {"FINISHED"}
