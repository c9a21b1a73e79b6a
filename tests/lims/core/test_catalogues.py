"""Translations: read and compiled without other tools, faithful to their originals, shown to who chose the language."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from lims.core.catalogues import compile_catalogue, compile_folder, read_catalogue, source_files
from lims.core.errors import Invalid
from tests.architecture.code import files
from tests.factories.people import Cast

SOURCE = Path(settings.BASE_DIR) / "lims" / "locale"
CATALOGUES = source_files(SOURCE)
_PLACES = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")

EXAMPLE = """
# A comment
msgid ""
msgstr ""
"Language: hi\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

#: somewhere.html
msgid "Sample \\"A\\""
msgstr ""
"नमूना "
"\\"A\\""

msgctxt "appearance"
msgid "Light"
msgstr "हल्का"

msgid "Light"
msgstr "प्रकाश"

#, fuzzy, python-format
msgid "%(n)s bags"
msgstr "%(n)s डिब्बे"

msgid "not translated"
msgstr ""

msgid "%(n)d row"
msgid_plural "%(n)d rows"
msgstr[0] "%(n)d पंक्ति"
msgstr[1] "%(n)d पंक्तियाँ"
"""


def opened(texts: dict[str, str]) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(compile_catalogue(texts)))


def test_what_is_compiled_is_read_by_the_standard_library() -> None:
    found = opened(read_catalogue(EXAMPLE))
    assert found.gettext('Sample "A"') == 'नमूना "A"'
    assert (found.pgettext("appearance", "Light"), found.gettext("Light")) == ("हल्का", "प्रकाश")
    assert found.info()["language"] == "hi"


@pytest.mark.parametrize("text", ["%(n)s bags", "not translated", "%(n)d row", "unknown"])
def test_what_is_doubtful_empty_or_plural_stays_english(text: str) -> None:
    assert opened(read_catalogue(EXAMPLE)).gettext(text) == text


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(Invalid, match="Line 2"):
        read_catalogue('msgid "a"\nmsgstr "b\n')


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_is_whole_and_keeps_the_places_of_values(path: Path) -> None:
    texts = read_catalogue(path.read_text())
    assert len(texts) > 200
    for original, translation in texts.items():
        if original:
            assert sorted(_PLACES.findall(original.split("\x04")[-1])) == sorted(_PLACES.findall(translation)), original
            assert original[-1:] != "." or translation[-1] in "।။", original


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_translates_only_what_the_product_says(path: Path) -> None:
    """`{{ old }}` in a template is `%(old)s` in its catalogue."""
    said = "\n".join(re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", one.read_text()) for one in files(".py", ".html") if "tests" not in one.parts)
    said = re.sub(r'"\s*\n\s*"', "", said).replace('\\"', '"')
    assert not [text for text in (original.split("\x04")[-1] for original in read_catalogue(path.read_text())) if text not in said]


def test_both_languages_say_the_same_things() -> None:
    first, second = (set(read_catalogue(path.read_text())) for path in CATALOGUES)
    assert first == second


def test_codes_units_and_signs_are_left_alone() -> None:
    for path in CATALOGUES:
        for original, translation in read_catalogue(path.read_text()).items():
            for kept in ("LIMS", "512.3", "Enter"):
                assert kept not in original or kept in translation, original


def test_a_folder_is_compiled_into_the_same_places(tmp_path: Path) -> None:
    compile_folder(SOURCE, tmp_path)
    for language in ("hi", "my"):
        with (tmp_path / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
            assert gettext.GNUTranslations(file).gettext("My work") != "My work"


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("hi", ("मेरा काम", "नमूना दर्ज करें")), ("my", ("ကျွန်ုပ်၏အလုပ်", "နမူနာ မှတ်ပုံတင်ရန်"))])
def test_who_chose_a_language_reads_it(client: Client, cast: Cast, language: str, words: tuple[str, ...]) -> None:
    cast.collector.language = language
    cast.collector.save(update_fields=["language"])
    client.force_login(cast.collector)
    page = client.get("/").content.decode()
    assert f'<html lang="{language}"' in page
    for word in words:
        assert word in page
