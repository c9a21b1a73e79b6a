"""Photographs are pictures, and nothing else."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from lims.core import clock
from lims.core.errors import DomainError, Forbidden, Invalid
from lims.core.files import read_bytes
from samples.models import Photo
from samples.services import photographing
from samples.services.photographing import draw_small, photograph_sample
from tests.factories.people import Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_samples


@pytest.mark.parametrize(("kind", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_pictures_of_cameras_and_phones_are_kept_as_they_came(cast: Cast, kind: str, content_type: str) -> None:
    (sample,) = make_samples(cast)
    data = picture(kind)
    photo = photograph_sample(sample=sample, data=data, caption=" pit wall ", by=cast.collector)
    assert (photo.content_type, photo.width, photo.height, photo.caption) == (content_type, 120, 80, "pit wall")
    assert read_bytes("photos", photo.sha256) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + bytes(50),
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0" + b"garbage" * 50,
        picture()[:-200],
        picture("PNG")[:60],
        picture("BMP"),
        picture("TIFF"),
    ],
)
def test_anything_else_is_refused_and_not_kept(cast: Cast, data: bytes) -> None:
    (sample,) = make_samples(cast)
    with pytest.raises(Invalid) as refusal:
        photograph_sample(sample=sample, data=data, by=cast.collector)
    assert refusal.value.code == "photo"
    assert not Photo.objects.exists()


def test_limits_of_bytes_and_pixels_hold(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    (sample,) = make_samples(cast)
    monkeypatch.setattr(photographing, "MOST_PIXELS", 5000)
    with pytest.raises(DomainError) as pixels:
        photograph_sample(sample=sample, data=picture(), by=cast.collector)
    monkeypatch.setattr(photographing, "MOST_BYTES", 100)
    with pytest.raises(DomainError) as size:
        photograph_sample(sample=sample, data=picture(), by=cast.collector)
    assert pixels.value.kind == size.value.kind == "too_large"


def test_photograph_of_the_future_and_by_the_wrong_role_are_refused(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    with pytest.raises(Invalid):
        photograph_sample(sample=sample, data=picture(), taken_at=clock.now() + timedelta(hours=1), by=cast.collector)
    with pytest.raises(Forbidden):
        photograph_sample(sample=sample, data=picture(), by=cast.official)


def test_small_version_carries_no_notes_of_the_camera() -> None:
    exif = Image.Exif()
    exif[0x010E] = "25.923400,98.612300"
    small = draw_small(picture("JPEG", (2000, 1000), exif=exif))
    assert b"25.9234" not in small
    with Image.open(io.BytesIO(small)) as drawn:
        assert drawn.size == (640, 320)
        assert not drawn.getexif()
