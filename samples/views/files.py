"""Labels and photographs."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.errors import DomainError, Invalid, NotFound
from lims.core.files import read_bytes
from lims.core.models import Installation
from lims.core.pages import Page
from lims.core.roles import Action, Role
from lims.core.scope import fetch_visible
from samples.looks.looking import Shown, glance_at, may_see_origin
from samples.models import Photo, Sample, SampleImport, Visit
from samples.sample_labels import answer_labels, sample_labels
from samples.selectors.places import find_visit, visit_photos
from samples.selectors.samples import find_sample, photos_of
from samples.services.photographing import draw_small
from samples.views.looks import look_on_page

_MOST_LABELS = 1000


class Labels(Page):
    """Labels: of the samples named by `?code=` (repeated), of an `?import=` or of a `?visit=`;
    `layout=sheet|single|small` (PDF) or `zpl|epl` (for label printers), `skip=` places left empty."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LABEL_PRINT}

    def get(self, request: HttpRequest) -> HttpResponse:
        back = reverse("samples:list")
        try:
            return answer_labels(
                sample_labels(self._samples(request), request.user),
                layout=request.GET.get("layout", "sheet"),
                skip=request.GET.get("skip") or "0",
                printed_at=clock.now(),
                synthetic=Installation.current().synthetic,
            )
        except NotFound:
            raise
        except DomainError as error:
            return self.refuse(error, back)

    def _samples(self, request: HttpRequest) -> list[Sample]:
        if request.GET.get("import"):
            return _imported(request.GET["import"], request.user)
        if request.GET.get("visit"):
            visit: Visit = find_visit(request.GET["visit"], request.user)
            samples = list(Sample.objects.visible_to(request.user).filter(visit=visit).order_by("code")[: _MOST_LABELS + 1])
        else:
            codes = request.GET.getlist("code")[: _MOST_LABELS + 1]
            samples = [find_sample(code, request.user) for code in codes]
        if not samples or len(samples) > _MOST_LABELS:
            raise Invalid("nothing_chosen", _("Choose the samples to print labels for, at most 1,000."))
        return samples


def _imported(pk: str, viewer: Any) -> list[Sample]:
    try:
        found = fetch_visible(SampleImport, viewer, pk=UUID(pk), state="committed")
    except ValueError as error:
        raise NotFound() from error
    codes = [row["code"] for row in found.rows]
    samples = {sample.code: sample for sample in Sample.objects.visible_to(viewer).filter(code__in=codes)}
    return [samples[code] for code in codes if code in samples]


class PhotoFile(Page):
    """A photograph within the viewer's scope; `?size=small` for a page. The full file may hold the camera's notes with the place, so it is
    shown only to those who may see exact places or whose organisation took it, and opening somebody else's is a look."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        photo = _find_photo(pk, request.user)
        data = read_bytes("photos", photo.sha256)
        small = request.GET.get("size") == "small"
        subject = photo.sample or photo.visit
        if not small and subject is not None and may_see_origin(request.user) and photo.added_by_id != request.user.pk:
            look_on_page(request, [glance_at(subject, Shown.PHOTOGRAPH)], _("opened the photograph"))
        response = HttpResponse(draw_small(data) if small else data, content_type="image/jpeg" if small else photo.content_type)
        response["Content-Disposition"] = "inline"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "private, max-age=86400, immutable" if small else "private, no-store"
        return response


def _find_photo(pk: UUID, viewer: Any) -> Photo:
    photo = Photo.objects.select_related("sample", "visit").filter(pk=pk).first()
    if photo is None:
        raise NotFound()
    if photo.sample is not None:
        allowed = photos_of(find_sample(str(photo.sample.pk), viewer), viewer)
    elif photo.visit is not None and viewer.role in {Role.COLLECTOR, Role.OFFICIAL, Role.ADMINISTRATOR}:
        allowed = visit_photos(find_visit(photo.visit.code, viewer), viewer)
    else:
        allowed = []
    if photo not in allowed:
        raise NotFound()
    return photo
