"""What can be installed to make faces better."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application
from ..dreamface_addon.link import BackendState
from ..dreamface_addon.models import Model
from . import drawing

_DOING = {
    "install_model": "Installing",
    "verify_model": "Checking",
    "remove_model": "Removing",
    "choose_model": "Choosing",
}


def draw_models(layout: bpy.types.UILayout) -> None:
    """Draw each model: what it is for, size and licence, and buttons to install, check and remove it."""
    app = application.get()
    why_not = app.setup.why_no_backend()
    if why_not:
        drawing.text(layout, why_not + ".", icon="INFO")
    elif app.models.installable is None and app.session.state in (BackendState.STOPPED, BackendState.FAILED):
        drawing.text(layout, "The engine knows what can be installed.", icon="INFO")
        layout.operator("dreamface.start_backend", text="Start Engine")
    elif app.models.installable is None and not app.models.problem:
        layout.label(text="Asking…", icon="TIME")
    if app.models.problem:
        drawing.text(layout, app.models.problem, icon="ERROR")
    for model in app.models.installable or ():
        _draw_model(layout.box(), app, model)
    if app.models.installable is not None:
        _draw_own(layout, app)


def _draw_own(layout: bpy.types.UILayout, app: application.Application) -> None:
    """Draw how a checkpoint of the artist's own is added, and how one ended that is not in the list."""
    listed = {model.name for model in app.models.installable or ()}
    for name in app.models.jobs:
        if name not in listed:
            _draw_job(layout.box(), app, name)
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("dreamface.add_checkpoint", text="Add Checkpoint of Your Own…", icon="ADD")


def _draw_job(box: bpy.types.UILayout, app: application.Application, name: str) -> None:
    """Draw what is being done about a checkpoint that is not installed yet, or how that ended."""
    box.label(text=name, icon="IMPORT")
    if not _draw_running(box, app, name):
        _draw_outcome(box, app, name)


def _draw_model(box: bpy.types.UILayout, app: application.Application, model: Model) -> None:
    row = box.row()
    row.label(text=model.title, icon="CHECKMARK" if model.installed else "IMPORT")
    if model.source:
        row.operator("wm.url_open", text="", icon="URL", emboss=False).url = model.source
    drawing.text(box, model.description, inset=drawing.IN_BOX)
    drawing.text(box, model.facts, inset=drawing.IN_BOX)
    drawing.text(box, f"{'In' if model.installed else 'Goes to'} {model.folder}", inset=drawing.IN_BOX)
    if _draw_running(box, app, model.name):
        return
    _draw_outcome(box, app, model.name)
    _draw_buttons(box, app, model)


def _draw_running(box: bpy.types.UILayout, app: application.Application, name: str) -> bool:
    """Draw what is being done about a model; return whether anything is."""
    job = app.models.running(name)
    if job is None:
        return False
    row = box.row(align=True)
    words = job.message or ("Waiting" if job.state in ("sending", "queued") else _DOING[job.kind])
    drawing.progress(row, job.fraction, words + drawing.remaining(job.eta))
    row.operator("dreamface.cancel_model", text="", icon="CANCEL").model = name
    return True


def _draw_outcome(box: bpy.types.UILayout, app: application.Application, name: str) -> None:
    well, words = app.models.outcome(name)
    if words:
        row = box.row()
        inset = drawing.IN_BOX + drawing.BESIDE_BUTTON
        drawing.text(row.column(), words, icon="INFO" if well else "ERROR", inset=inset)
        row.operator("dreamface.dismiss_model", text="", icon="X", emboss=False).model = name


def _draw_buttons(box: bpy.types.UILayout, app: application.Application, model: Model) -> None:
    column = box.column(align=True)
    if model.installed:
        if model.chosen:
            column.label(text="Diffusion works with it", icon="SHADERFX")
        elif model.diffuses:
            column.operator("dreamface.choose_model", text="Use for Diffusion").model = model.name
        row = column.row(align=True)
        row.operator("dreamface.verify_model", text="Verify").model = model.name
        row.operator("dreamface.remove_model", text="Remove").model = model.name
        damaged = not app.models.outcome(model.name)[0]
        if damaged:
            row = column.row(align=True)
            if model.download_size:
                row.operator("dreamface.install_model", text="Install Again").model = model.name
            row.operator("dreamface.install_model_file", text="From File…").model = model.name
        return
    offline = not bpy.app.online_access and not bpy.app.online_access_override
    if model.download_size and app.session.shares_disk and offline:
        column.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")
    if model.download_size:
        column.operator("dreamface.install_model", text="Install").model = model.name
    column.operator_context = "INVOKE_DEFAULT"
    column.operator("dreamface.install_model_file", text="Install from File…").model = model.name
