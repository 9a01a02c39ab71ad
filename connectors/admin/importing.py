"""The page that takes a connector's folder, and the copy of a connector that staff may then change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminFileFieldWidget

from connectors import exchange, jobfiles, uploads
from connectors.manifest import Broken, Problem
from connectors.models import Connector
from connectors.uploads.archives import FOLDER, MEGABYTE

if TYPE_CHECKING:
    Catalogue = ModelAdmin[Connector]


class FolderForm(forms.Form):
    folder = forms.FileField(
        label="The folder as a zip archive",
        widget=UnfoldAdminFileFieldWidget,
        help_text="connector.json, logo.svg, README.md, and workflow.json or the files of the Spark job.",
    )


def page(catalogue: Catalogue, request: HttpRequest) -> HttpResponse:
    form = FolderForm(request.POST or None, request.FILES or None)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            row = exchange.take(_content(form.cleaned_data["folder"]))
        except uploads.Unfit as unfit:
            form.add_error("folder", str(unfit))
        except Broken as broken:
            problems = broken.problems
        else:
            return _arrived(catalogue, request, row)
    context = {
        **catalogue.admin_site.each_context(request),
        "opts": catalogue.opts,
        "title": "Import a connector",
        "form": form,
        "problems": problems,
    }
    return TemplateResponse(request, "platform/import.html", context, status=422 if problems or form.errors else 200)


def copy(catalogue: Catalogue, request: HttpRequest, row: Connector) -> HttpResponse:
    try:
        made = exchange.copy(row)
    except jobfiles.Damaged as damaged:
        messages.error(request, f"{damaged} Upload it again under Spark jobs.")
    except Broken as broken:
        messages.error(request, f"It cannot be copied as it is. {broken}")
    else:
        return _arrived(catalogue, request, made)
    return redirect("admin:connectors_connector_change", row.pk)


def _content(given: UploadedFile[bytes]) -> bytes:
    """The archive, unless it is so large that it must not even be read into memory."""
    if (given.size or 0) > FOLDER.bytes:
        raise uploads.Unfit(f"The archive is larger than {FOLDER.bytes // MEGABYTE} MB.")
    content: bytes = given.read()
    return content


def _arrived(catalogue: Catalogue, request: HttpRequest, row: Connector) -> HttpResponse:
    catalogue.log_change(request, row, "Taken in from a folder.")
    words = "Look at it, then publish it." if row.status == Connector.Status.DRAFT else "It took the place of the last."
    messages.success(request, f"{row.name} {row.version} is in the catalogue. {words}")
    return redirect("admin:connectors_connector_change", row.pk)
