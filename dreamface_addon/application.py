"""What lives as long as Blender: the session with the backend, DreamFace's parts, and the timer that moves them on.

Blender calls in on a timer, a few milliseconds at a time; nothing here waits for anything. What can be done stands in
the parts. A new part is a file with a subclass of `Part`, and a line in `Application.__init__`.
"""

from __future__ import annotations

import traceback
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import diagnostics, installation, interface, marking, places, scene
from .animating import Animating
from .carding import Carding
from .clearing import Clearing
from .editing import Editing
from .exploring import Exploring
from .growing import Growing
from .library import Library
from .living import Living
from .making import Making
from .marking import Marking
from .models import TEXTURE_MODEL, Models
from .part import BUSY_INTERVAL, IDLE_INTERVAL, Part
from .photographing import Photographs
from .pictures import Pictures
from .pinning import Pinning
from .repainting import Repainting
from .session import BackendState, Session
from .setting_up import SettingUp
from .settling import Settling
from .shaping import Following
from .styles import Styles
from .styling import Styling

BUDGET = 0.005
"""Seconds that a tick may spend on the network."""


class Application:
    """Holder of the session and the parts.

    Attributes:
        session: the backend and our jobs.
        setup: sets up, starts and stops the backend.
        growing: grows hair after its sliders.
        following: moves meshes after their sliders.
        settling: takes hair along with heads that were sculpted.
        making: makes faces and brings them into the scene.
        models: installs, checks and removes models.
        repainting: paints edits into textures.
        editing: brings edits into stacks.
        exploring: shows a head's neighbours.
        marking: watches over heads that are painted on.
        carding: makes cards of hair.
        clearing: what lies on another machine that makes the faces.
        animating: tracks footage, and takes on heads.
        living: a camera that moves a head.
        library: the faces that were made before.
        styles: the hair styles that there are.
        styling: puts them on heads.
        pictures: of faces and colours, for panels.
        photographs: that a head is to be made from.
        pinning: points of a head that are dragged in its photographs.
        highlight: shows what is marked, in the 3D view.
        parts: all of these, in the order in which the timer calls them.
        error: the last thing that went wrong, in words, until dismissed.
        bug: the traceback of the last bug of ours, for reports.
    """

    def __init__(self) -> None:
        self.session = Session(installation.settings())
        self.error = ""
        self.bug = ""
        self.setup = SettingUp(self.session, wake)
        self.growing = Growing(self.session, self.setup, wake, lambda skin: self.following.is_following(skin))
        self.following = Following(self.session, self.setup, wake, self.growing.look_at)
        self.settling = Settling()
        self.models = Models(
            self.session, self.setup.why_no_backend, self.setup.why_offline, self._model_installed, wake
        )
        self.making = Making(self.session, self.setup, self.following, self.show_error, wake)
        self.repainting = Repainting(self.session, self.setup, self.making, wake)
        self.editing = Editing(self.session, self.setup, self.repainting.look_at, self.following.follow, wake)
        self.making.placing.on_update = self._came_in
        self.making.placing.on_diffused = self._diffused
        self.exploring = Exploring(self.session, self.setup, self.making, self.following.follow, wake)
        self.marking = Marking()
        self.highlight = scene.Highlight(self._what_to_show)
        self.carding = Carding(self.session, self.show_error, wake)
        self.animating = Animating(self.session, self.setup, self.show_error, wake)
        self.living = Living(self.session, self.setup, self.animating, self.settling, wake)
        self.library = Library(self.session)
        self.clearing = Clearing(self.session, wake)
        self.pictures = Pictures()
        self.photographs = Photographs()
        self.pinning = Pinning(self.session, self.setup, wake)
        self.styles = Styles(self.session, places.EXTENSION / "presets" / "hair", wake)
        self.styling = Styling(self.styles, self.growing, self.pictures, self.setup)
        self.parts: tuple[Part, ...] = (
            self.setup, self.following, self.growing, self.models, self.making, self.library, self.styles,
            self.carding, self.settling, self.animating, self.living, self.editing, self.repainting, self.marking,
            self.exploring, self.pinning, self.clearing,
        )  # fmt: skip

    def tick(self) -> float:
        """Do what there is to do; return the seconds until the next time."""
        changed = self.session.poll(BUDGET)
        for job in self.session.take_finished():
            changed = True
            for part in self.parts:
                if job.kind in part.kinds:
                    part.finish(job)
        for part in self.parts:
            changed |= part.tick()
        changed |= self.pictures.trim()
        if changed:
            interface.redraw()
        return min(BUSY_INTERVAL if self.session.active else IDLE_INTERVAL, *(part.interval for part in self.parts))

    def _came_in(self, skin: bpy.types.Object, before: dict[str, Any]) -> None:
        """Let edits go along with a head that has another mesh now; what else its maps do not show follows."""
        if before["head"] != skin["dreamface_head"]:
            self.editing.carry_along(skin, before)
        self.repainting.came_in(skin)

    def why_no_detail(self) -> str:
        """Return why diffusion can't make any detail now, or nothing."""
        return self.making.why_not_diffuse(self.models.diffusion, self.editing.why_no_diffusion)

    def why_no_fast_detail(self) -> str:
        """Return why no texture model can make the skin at once now, or nothing."""
        return self.why_no_detail() or self.making.why_not_sample(self.models.find(TEXTURE_MODEL))

    def why_not_made_by(self, detail: str) -> str:
        """Return why a way to make detail, as the Create page names it, can't be taken now, or nothing."""
        if detail == "QUICK":
            return ""
        return self.why_no_fast_detail() if detail == "FAST" else self.why_no_detail()

    def _model_installed(self) -> None:
        """Try again what may have failed without the model."""
        self.following.try_again()
        self.editing.why_no_diffusion = ""

    def _diffused(self, words: str) -> None:
        """Let go of words that diffusion has made an edit of, unless the artist has typed others meanwhile."""
        fields = bpy.context.window_manager.dreamface
        if fields.edit_words.strip() == words:
            fields.write_edit_words("")
        if self.editing.unknown == words:
            self.editing.dismiss_messages()

    @staticmethod
    def _what_to_show() -> list[scene.Shown]:
        """Return what lies over the selected head in the view."""
        fields = bpy.context.window_manager.dreamface
        skin = scene.skin_of(bpy.context.active_object)
        return marking.seen(skin, fields.page == "EDIT" and fields.show_place)

    def show_page(self, page: str) -> None:
        """Get ready for what a page of the sidebar shows."""
        if page == "HAIR":
            self.setup.start_if_needed()  # it knows the artist's own styles
            self.styles.refresh()
        if page == "EDIT":
            self.editing.refresh()  # the engine may know more words
        if page == "ANIMATE" and self.session.feed.cameras is None and self.session.state is BackendState.READY:
            self.living.look_for_cameras()

    def show_error(self, sentence: str) -> None:
        """Show this until it is dismissed; an empty sentence shows nothing."""
        self.error = sentence

    def dismiss_error(self) -> None:
        """Stop showing what went wrong."""
        self.error = ""
        self.session.forget_call_problem()
        for part in self.parts:
            part.dismiss_messages()

    def settings_changed(self) -> None:
        """Use the preferences, which have changed."""
        self.setup.configure()
        wake()

    def file_opened(self) -> None:
        """Forget what belongs to the file that was open before."""
        for part in self.parts:
            part.file_opened()
        wake()

    def shut_down(self) -> None:
        """End everything; a backend that was started here ends, too."""
        for part in self.parts:
            part.shut_down()
        self.highlight.remove()
        self.pictures.clear()
        self.session.shutdown()

    def diagnostics(self) -> str:
        """Return text for a bug report."""
        lines = [f"Blender {bpy.app.version_string}, background {bpy.app.background}, online {bpy.app.online_access}"]
        lines += self.setup.diagnostics()
        if self.bug:
            lines.append(diagnostics.discreet(self.bug, self.session.backend))
        return "\n".join([*lines, self.session.diagnostics()])


# --------------------------------------------------------------------------------------------------- what Blender calls

_application: Application | None = None


def get() -> Application:
    """Return the application, from register to unregister."""
    assert _application is not None
    return _application


def settings_changed() -> None:
    """Use the preferences; Blender may set them before there is an application."""
    if _application is not None:
        _application.settings_changed()


def wake() -> None:
    """Have the timer fire at once."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    bpy.app.timers.register(_tick, persistent=True)


def _tick() -> float | None:
    """Call the application; catch bugs, because Blender drops a timer that raises, and all later work with it."""
    if _application is None:
        return None
    try:
        return _application.tick()
    except Exception as bug:
        traceback.print_exc()
        _application.bug = traceback.format_exc()
        interface.redraw()
        _application.show_error(
            f"DreamFace met a bug ({bug}): press Copy Diagnostics in the preferences and report it."
        )
        return IDLE_INTERVAL


@persistent
def _after_load(*_: object) -> None:
    get().file_opened()


@persistent
def _after_save(*_: object) -> None:
    get().making.file_saved()


@persistent
def _after_undo(*_: object) -> None:
    get().following.follow_all()
    get().growing.follow_all()
    get().repainting.follow_all()
    get().marking.after_undo()
    get().pinning.after_undo()
    get().animating.follow_all()
    get().living.put_back_all()


@persistent
def _after_frame(*_: object) -> None:
    if _application is not None and _application.living.is_on:
        _application.living.show_again()


@persistent
def _before_save(*_: object) -> None:
    get().living.before_save()
    get().marking.before_save()
    get().repainting.before_save()
    get().pinning.before_save()


@persistent
def _before_playing(*_: object) -> None:
    get().settling.playing(True)


@persistent
def _after_playing(*_: object) -> None:
    get().settling.playing(False)


_HANDLERS = (
    ("animation_playback_pre", _before_playing),
    ("animation_playback_post", _after_playing),
    ("load_post", _after_load),
    ("save_pre", _before_save),
    ("save_post", _after_save),
    ("frame_change_post", _after_frame),
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
)


def register() -> Application:
    """Make the application, its timer and the handlers."""
    global _application
    _application = Application()
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    bpy.app.timers.register(_tick, first_interval=IDLE_INTERVAL, persistent=True)
    return _application


def unregister() -> None:
    """End all that; a backend that was started here ends, too."""
    global _application
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    if _application is not None:
        _application.shut_down()
        _application = None
