"""What pages and the API do alike at the edge: send a dossier's job, hand out its files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from lims.jobs.dispatch import send_on_commit
from samples.dossiers.models import Dossier
from samples.dossiers.selectors import pack_folder, read_bundle, read_paper
from samples.dossiers.verifier_file import VERIFIER_NAME, read_verifier


def send_job(dossier: Dossier) -> None:
    """Send the job that makes the dossier, once its row is committed."""
    send_on_commit(dossier.job)


def paper_response(dossier: Dossier, request: HttpRequest) -> HttpResponse:
    """The PDF as a download, or inside the browser with `?inline=1`."""
    kind = "inline" if request.GET.get("inline") == "1" else "attachment"
    return _file(read_paper(dossier), "application/pdf", f"{dossier.number}.pdf", kind)


def bundle_response(dossier: Dossier) -> HttpResponse:
    """The data, byte for byte as they were verified."""
    return _file(read_bundle(dossier), "application/json", f"{dossier.number}.json")


def folder_response(dossier: Dossier) -> HttpResponse:
    """All of it with the verifier, as a ZIP."""
    return _file(pack_folder(dossier), "application/zip", f"{dossier.number}.zip")


def verifier_response() -> HttpResponse:
    """The verifier, for anybody."""
    response = HttpResponse(read_verifier()[0], content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{VERIFIER_NAME}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _file(data: bytes, content_type: str, name: str, kind: str = "attachment") -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'{kind}; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
