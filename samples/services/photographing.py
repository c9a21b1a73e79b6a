"""Photographs of visits and samples: real pictures only, kept as they came by their SHA-256."""

from __future__ import annotations

import io
import warnings
from datetime import datetime
from typing import Any

from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem
from lims.core.files import store_bytes
from lims.core.roles import Action, require
from samples.models import Discrepancy, Photo, Sample, Visit

MOST_BYTES = 15 * 2**20
MOST_PIXELS = 60_000_000
MOST_PHOTOS = 40
CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class TooLarge(DomainError):
    """A file beyond its limit (413)."""

    kind = "too_large"


def photograph_visit(
    *, visit: Visit, data: bytes, caption: str = "", taken_at: datetime | None = None, by: Any, at: datetime | None = None
) -> Photo:
    """Keep a photograph of a visit. Raises `Invalid('photo')` for anything but a JPEG, PNG or WebP picture and `TooLarge` beyond the
    limits."""
    require(by, Action.VISIT_EDIT)
    return _keep({"visit": visit}, visit.photos.count(), data, caption, taken_at, by, at)


def photograph_sample(
    *, sample: Sample, data: bytes, caption: str = "", taken_at: datetime | None = None, by: Any, at: datetime | None = None
) -> Photo:
    """Keep a photograph of a sample. Refusals as for a visit."""
    require(by, Action.PHOTO_ADD)
    return _keep({"sample": sample}, sample.photos.count(), data, caption, taken_at, by, at)


def photograph_discrepancy(*, discrepancy: Discrepancy, data: bytes, caption: str = "", by: Any, at: datetime | None = None) -> Photo:
    """Keep a photograph of what differs, with the sample it was found on. Refusals as for a visit."""
    require(by, Action.DISCREPANCY_RAISE)
    subject = {"sample": discrepancy.sample, "discrepancy": discrepancy}
    return _keep(subject, discrepancy.sample.photos.count(), data, caption, None, by, at)


def _keep(
    subject: dict[str, Any], present: int, data: bytes, caption: str, taken_at: datetime | None, by: Any, at: datetime | None
) -> Photo:
    now = at or clock.now()
    if present >= MOST_PHOTOS:
        raise Blocked([Blocker("too_many_photos", f"There are {MOST_PHOTOS} photographs already; no more are kept with one record.")])
    content_type, width, height = read_picture(data)
    caption = caption.strip()
    if len(caption) > 200 or not (caption or "x").isprintable():
        detail = "A caption is one line of at most 200 printable characters. Shorten it."
        raise Invalid("photo", detail, problems=[Problem("/caption", "too_long", detail)])
    if taken_at is not None and taken_at > now:
        detail = "The photograph was taken in the future. Check the time and its zone."
        raise Invalid("future_time", detail, problems=[Problem("/taken_at", "future_time", detail)])
    stored = store_bytes("photos", data)
    with transaction.atomic(), acting(by, "photograph added"):
        return Photo.objects.create(
            **subject,
            sha256=stored.sha256,
            content_type=content_type,
            width=width,
            height=height,
            caption=caption,
            taken_at=taken_at,
            added_by=by,
            added_at=now,
        )


def read_picture(data: bytes) -> tuple[str, int, int]:
    """Content type, width and height of a picture, decoded whole so that a broken or disguised one is refused."""
    if len(data) > MOST_BYTES:
        raise TooLarge("photo_too_large", f"The photograph is larger than {MOST_BYTES // 2**20} MB. Send a smaller version.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=tuple(CONTENT_TYPES)) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise TooLarge(
                        "photo_too_large", f"The photograph has more than {MOST_PIXELS // 10**6} megapixels. Send a smaller version."
                    )
                picture.load()
                return CONTENT_TYPES[str(picture.format)], width, height
    except TooLarge:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        detail = "This is not a photograph that can be read. Send a JPEG, PNG or WebP picture, as a camera or phone makes them."
        raise Invalid("photo", detail, problems=[Problem("/photo", "not_a_picture", detail)]) from error


def draw_small(data: bytes, *, longest: int = 640) -> bytes:
    """A smaller JPEG of a kept picture, without the camera's notes (which may hold coordinates)."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (longest, longest))
        small = ImageOps.exif_transpose(picture).convert("RGB")
        small.thumbnail((longest, longest))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=82)
    return out.getvalue()
