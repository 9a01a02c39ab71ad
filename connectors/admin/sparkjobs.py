"""Spark jobs: a script, a jar or a query that staff upload, or one that lies where the cluster can read it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from connectors import catalog, jars, jobfiles, schemas, uploads
from connectors.manifest import SCHEMA
from connectors.models import Connector, SparkJob

KINDS = {".py": SparkJob.Kind.PYTHON, ".jar": SparkJob.Kind.JAR, ".sql": SparkJob.Kind.SQL}
PLAIN_FIELDS = ("main_class", "py_files", "packages", "conf")


class SparkJobForm(forms.ModelForm[SparkJob]):
    upload = forms.FileField(
        required=False,
        label="File",
        widget=UnfoldAdminFileFieldWidget,
        help_text="A Python script (.py), a query (.sql) or a jar (.jar). It takes the place of the one before.",
    )

    entry = forms.CharField(
        required=False,
        max_length=1000,
        label="Or an address",
        widget=UnfoldAdminTextInputWidget,
        help_text="Of a file that the cluster can read, such as s3a://jobs/clean_orders.py.",
    )

    class Meta:
        model = SparkJob
        fields = ("name", "upload", "entry", *PLAIN_FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if jobfiles.is_kept(self.instance.entry):
            self.initial["entry"] = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given: UploadedFile[bytes] | None = cleaned.get("upload")
        if given is not None:
            self._take(given, cleaned)
        elif "upload" not in self.errors:
            self._take_address(cleaned)
        self._check_rest(cleaned)
        return cleaned

    def _take(self, given: UploadedFile[bytes], cleaned: dict[str, Any]) -> None:
        """Look into the file, and keep it only if nothing at all is wrong with the form."""
        file = cast(IO[bytes], given.file)
        try:
            self.instance.kind = uploads.inspect(given.name or "", file)
        except uploads.Unfit as unfit:
            self.add_error("upload", str(unfit))
            return
        if self.instance.kind == SparkJob.Kind.JAR:
            self._check_class(file, cleaned)
        if cleaned.get("entry"):
            self.add_error("entry", "Give a file or an address, not both.")

    def _check_class(self, file: IO[bytes], cleaned: dict[str, Any]) -> None:
        cleaned["main_class"] = cleaned.get("main_class") or jars.main_class(file)
        if not cleaned["main_class"]:
            self.add_error("main_class", "The jar does not name its main class: give it here.")
        elif not jars.holds(file, cleaned["main_class"]):
            self.add_error("main_class", f"The jar holds no class {cleaned['main_class']}.")

    def _take_address(self, cleaned: dict[str, Any]) -> None:
        before = self.instance.entry
        entry = cleaned["entry"] = cleaned.get("entry") or before
        if not entry:
            self.add_error("upload", "Choose a file, or give the address of one.")
        elif entry != before and (jobfiles.is_kept(entry) or not urlsplit(entry).scheme):
            self.add_error("entry", "Give a full address, such as s3a://jobs/clean.py, or upload the file.")
        elif kind := KINDS.get(Path(urlsplit(entry).path).suffix):
            self.instance.kind = kind
            if kind == SparkJob.Kind.JAR and not cleaned.get("main_class"):
                self.add_error("main_class", "Name the class in the jar that is started.")
        else:
            self.add_error("entry", "The file's name must end in .py, .jar or .sql.")

    def _check_rest(self, cleaned: dict[str, Any]) -> None:
        part = SCHEMA["properties"]["spark"]
        for name in ("py_files", "packages", "conf"):
            if name in cleaned:
                cleaned[name] = cleaned[name] or ({} if name == "conf" else [])
                for error in schemas.validate({"properties": {name: part["properties"][name]}}, {name: cleaned[name]}):
                    self.add_error(name, f"{error.pointer}: {error.detail}")

    def save(self, commit: bool = True) -> SparkJob:
        if given := self.cleaned_data.get("upload"):
            references = jobfiles.keep({str(given.name): cast(IO[bytes], given.file)})
            self.instance.entry = references[str(given.name)]
        return super().save(commit)


@admin.register(SparkJob)
class SparkJobAdmin(ModelAdmin):
    """Jobs of built-in connectors follow their folders; the others are staff's."""

    form = SparkJobForm
    list_display = ("name", "shown_kind", "file", "used_by")
    list_filter = ("kind",)
    search_fields = ("name", "entry")
    readonly_fields = ("shown_kind", "file", "checksum", "used_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SparkJob]:
        return super().get_queryset(request).prefetch_related("connectors")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        may_give = self.has_change_permission(request, obj) if obj else True
        given = ("name", "upload", "entry", "main_class") if may_give else ("name", "main_class")
        kept = ("What is kept", {"fields": ("shown_kind", "file", "checksum", "used_by")})
        how = ("How it is submitted", {"fields": ("py_files", "packages", "conf")})
        return [(None, {"fields": given}), *([kept] if obj else []), how]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and not (isinstance(obj, SparkJob) and follows_folder(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, SparkJob) and obj.connectors.exists())

    def get_actions(self, request: HttpRequest) -> Any:
        # Deleted one by one: a job that a connector uses stays.
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description="kind", ordering="kind", label={"Python": "info", "SQL": "success", "Jar": "warning"})
    def shown_kind(self, job: SparkJob) -> str:
        return str(job.get_kind_display())

    @display(description="file")
    def file(self, job: SparkJob) -> str:
        if "://" in job.entry:
            return job.entry
        return format_html(
            '<a class="hub-link" href="{}">{}</a>',
            reverse("admin:connectors_sparkjob_file", args=[job.pk]),
            jobfiles.path_in_bundle(job.entry) if jobfiles.is_kept(job.entry) else job.entry,
        )

    @display(description="SHA-256")
    def checksum(self, job: SparkJob) -> str:
        if not jobfiles.is_kept(job.entry):
            return "not kept here"
        try:
            jobfiles.verify(job.entry)
            return jobfiles.checksum(job.entry)
        except jobfiles.Damaged as damaged:
            return f"{damaged} Upload it again."

    @display(description="used by")
    def used_by(self, job: SparkJob) -> str:
        return ", ".join(sorted(connector.name for connector in job.connectors.all())) or "nobody yet"

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(self.file_view)
        return [path("<uuid:pk>/file", look, name="connectors_sparkjob_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """Give out the script, jar or query as it is kept."""
        job = get_object_or_404(SparkJob, pk=pk)
        if not self.has_view_permission(request, job):
            raise Http404
        file = Path(catalog.entry_path(job))
        if "://" in job.entry or not file.is_file():
            raise Http404("The file is not on this host.")
        return FileResponse(file.open("rb"), as_attachment=True, filename=file.name)


def follows_folder(job: SparkJob) -> bool:
    return any(connector.source == Connector.Source.BUILTIN for connector in job.connectors.all())
