"""What can be installed to make faces better."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application
from ..dreamface_addon.link import BackendState
from ..dreamface_addon.models import Model
from . import drawing

_DOING = {"install_model": "Installing", "verify_model": "Checking", "remove_model": "Removing"}


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


def _draw_model(box: bpy.types.UILayout, app: application.Application, model: Model) -> None:
    row = box.row()
    row.label(text=model.title, icon="CHECKMARK" if model.installed else "IMPORT")
    if model.source:
        row.operator("wm.url_open", text="", icon="URL", emboss=False).url = model.source
    drawing.text(box, model.description, inset=drawing.IN_BOX)
    drawing.text(box, model.facts, inset=drawing.IN_BOX)
    drawing.text(box, f"{'In' if model.installed else 'Goes to'} {model.folder}", inset=drawing.IN_BOX)
    job = app.models.running(model.name)
    if job is not None:
        row = box.row(align=True)
        words = job.message or ("Waiting" if job.state in ("sending", "queued") else _DOING[job.kind])
        drawing.progress(row, job.fraction, words + drawing.remaining(job.eta))
        row.operator("dreamface.cancel_model", text="", icon="CANCEL").model = model.name
        return
    _draw_outcome(box, app, model)
    _draw_buttons(box, app, model)


def _draw_outcome(box: bpy.types.UILayout, app: application.Application, model: Model) -> None:
    well, words = app.models.outcome(model.name)
    if words:
        row = box.row()
        inset = drawing.IN_BOX + drawing.BESIDE_BUTTON
        drawing.text(row.column(), words, icon="INFO" if well else "ERROR", inset=inset)
        row.operator("dreamface.dismiss_model", text="", icon="X", emboss=False).model = model.name


def _draw_buttons(box: bpy.types.UILayout, app: application.Application, model: Model) -> None:
    column = box.column(align=True)
    if model.installed:
        row = column.row(align=True)
        row.operator("dreamface.verify_model", text="Verify").model = model.name
        row.operator("dreamface.remove_model", text="Remove").model = model.name
        damaged = not app.models.outcome(model.name)[0]
        if damaged:
            row = column.row(align=True)
            row.operator("dreamface.install_model", text="Install Again").model = model.name
            row.operator("dreamface.install_model_file", text="From File…").model = model.name
        return
    if app.session.shares_disk and not bpy.app.online_access and not bpy.app.online_access_override:
        column.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")
    column.operator("dreamface.install_model", text="Install").model = model.name
    column.operator_context = "INVOKE_DEFAULT"
    column.operator("dreamface.install_model_file", text="Install from File…").model = model.name
