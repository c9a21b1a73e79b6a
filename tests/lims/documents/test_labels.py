"""Labels: every code and its QR on paper, in three languages, the same to the byte."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
import segno
from pypdf import PdfReader

from lims.documents.labels import A4_SHEET, CAPTIONS, SEALED, SINGLE, Label, render_labels
from lims.documents.qr import draw_qr

MM = 72 / 25.4


def make_labels(count: int) -> list[Label]:
    return [Label(code=f"S-26-{number:05}-K", lines=("Pangwa N · pit 3", "seal KS-004512")) for number in range(count)]


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def test_twenty_four_fit_a_sheet_and_the_next_begins_another(noon: datetime) -> None:
    pages = pages_of(render_labels(make_labels(25), printed_at=noon))
    assert len(pages) == 2
    assert "S-26-00023-K" in pages[0].replace("\n", "")
    assert "S-26-00024-K" in pages[1].replace("\n", "")


def test_places_already_used_are_skipped(noon: datetime) -> None:
    pages = pages_of(render_labels(make_labels(24), printed_at=noon, skip=2))
    assert len(pages) == 2
    assert "S-26-00021-K" in pages[0].replace("\n", "")
    assert "S-26-00022-K" in pages[1].replace("\n", "")


def test_a_single_label_is_a_page_of_its_own_size(noon: datetime) -> None:
    reader = PdfReader(io.BytesIO(render_labels(make_labels(3), SINGLE, printed_at=noon)))
    assert len(reader.pages) == 3
    assert [float(value) / MM for value in reader.pages[0].mediabox[2:]] == pytest.approx([62, 29], abs=0.05)


def test_a_full_label_stays_on_its_one_page(noon: datetime) -> None:
    full = Label(code="B-483920123-7", kind="laboratory_sample", lines=("မြန်မာ " * 9, "long " * 20, "third"), keep_sealed=True)
    assert len(pages_of(render_labels([full], SINGLE, printed_at=noon, synthetic=True))) == 1


def test_the_same_labels_give_the_same_bytes(noon: datetime) -> None:
    assert render_labels(make_labels(5), printed_at=noon) == render_labels(make_labels(5), printed_at=noon)


def test_captions_stand_in_the_languages_asked_for(noon: datetime) -> None:
    one = [Label(code="S-26-00001-K", keep_sealed=True)]
    english = pages_of(render_labels(one, printed_at=noon, languages=("en",)))[0]
    assert "Sample" in english
    assert "Do not open" in english
    all_fonts = fonts_of(render_labels(one, printed_at=noon))
    assert any("Devanagari" in name for name in all_fonts)
    assert any("Myanmar" in name for name in all_fonts)
    assert not any("Myanmar" in name for name in fonts_of(render_labels(one, printed_at=noon, languages=("en", "hi"))))


def fonts_of(pdf: bytes) -> set[str]:
    page = PdfReader(io.BytesIO(pdf)).pages[0]
    return {str(font.get_object()["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}  # type: ignore[index]


def test_every_caption_exists_in_every_language() -> None:
    assert all(set(captions) == {"en", "hi", "my"} for captions in [*CAPTIONS.values(), SEALED])


def test_every_synthetic_label_says_so(noon: datetime) -> None:
    assert pages_of(render_labels(make_labels(4), printed_at=noon, synthetic=True))[0].count("SYNTHETIC") == 4
    assert "SYNTHETIC" not in pages_of(render_labels(make_labels(4), printed_at=noon))[0]


def test_what_does_not_fit_is_refused(noon: datetime) -> None:
    with pytest.raises(ValueError, match="3 fit"):
        Label(code="S-26-00001-K", lines=("a", "b", "c", "d"))
    for labels, skip in (([], 0), (make_labels(1), 24), (make_labels(1), -1)):
        with pytest.raises(ValueError, match="skip 0 to 23"):
            render_labels(labels, A4_SHEET, printed_at=noon, skip=skip)


def test_a_code_becomes_the_small_qr_of_its_alphabet() -> None:
    code = segno.make_qr("S-26-00142-K", error="m", boost_error=False)
    assert code.mode == "alphanumeric"
    drawing = draw_qr("S-26-00142-K")
    assert f'width="{code.symbol_size(border=0)[0]}"' in drawing
    assert draw_qr("S-26-00142-K") == drawing
    assert draw_qr("S-26-00143-K") != drawing
