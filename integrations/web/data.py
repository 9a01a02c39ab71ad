"""Datasets: all of them, and the page of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from integrations.models import Dataset, DatasetVersion
from integrations.services import collection, datasets, profiles
from integrations.services.landing.exporting import Form
from integrations.web.asking import is_fragment, number_of, paged, uuid_of
from tenants.api.streaming import Streamed
from tenants.web.pages import MemberPage

TABS = {"rows": _("Rows"), "columns": _("Columns"), "versions": _("Versions"), "lineage": _("Lineage")}
ROWS_AT_ONCE = 50
LARGEST = 2**53
CHUNK_BYTES = 256 * 1024
MEDIA_TYPES = {
    Form.PARQUET: "application/vnd.apache.parquet",
    Form.CSV: "text/csv; charset=utf-8",
    Form.NDJSON: "application/x-ndjson",
}


class Datasets(MemberPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        words = request.GET.get("q", "")[:200]
        context = {"page": paged(request, collection.datasets(words)), "words": words}
        answer = render(request, "data/_datasets.html" if is_fragment(request) else "data/datasets.html", context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer


class DatasetPage(MemberPage):
    """A dataset at its latest version, or at the one that the address names."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        dataset = get_object_or_404(collection.datasets(), pk=pk)
        version = chosen(request, dataset)
        tab = request.GET.get("tab", "rows")
        context: dict[str, Any] = {"dataset": dataset, "version": version, "forms": list(Form), "tabs": TABS.items()}
        context |= {"is_gone": version is not None and not datasets.is_there(version)}
        context |= tab_of(request, tab if tab in TABS else "rows", dataset, None if context["is_gone"] else version)
        return render(request, "data/dataset.html", context)


class Download(MemberPage):
    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        dataset = get_object_or_404(collection.datasets(), pk=pk)
        version, form = chosen(request, dataset), request.GET.get("format", Form.PARQUET)
        if version is None or form not in list(Form) or not datasets.is_there(version):
            raise Http404
        name = f"{slugify(dataset.integration.name) or 'rows'}-{version.created_at:%Y-%m-%d}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        pieces = chunks(datasets.export(version=version, form=Form(form)))
        return Streamed(pieces, content_type=MEDIA_TYPES[Form(form)], headers=headers)


def chosen(request: HttpRequest, dataset: Dataset) -> DatasetVersion | None:
    if "version" not in request.GET:
        return dataset.latest
    return get_object_or_404(collection.versions(dataset), pk=uuid_of(request, "version"))


def tab_of(request: HttpRequest, tab: str, dataset: Dataset, version: DatasetVersion | None) -> dict[str, Any]:
    match tab:
        case "columns":
            return {"tab": tab, "profiles": profiles.of(version)}
        case "versions":
            page = paged(request, collection.versions(dataset))
            return {"tab": tab, "page": page, "history": collection.history(dataset, page.rows)}
        case "lineage":
            return {"tab": tab, "lineage": collection.lineage(dataset, version)}
    offset = number_of(request, "offset", LARGEST)
    return {"tab": tab, "grid": datasets.grid(version=version, limit=ROWS_AT_ONCE, offset=offset)}


def chunks(opening: AbstractContextManager[BinaryIO]) -> Iterator[bytes]:
    """The file piece by piece; it is made when the first is asked for."""
    with opening as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
