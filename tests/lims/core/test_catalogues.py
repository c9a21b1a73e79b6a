"""Translations: read and compiled without other tools, faithful to their originals, shown to who chose the language."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from lims.core.catalogues import compile_catalogue, compile_folder, compiled_files, read_catalogue, source_files
from lims.core.errors import Invalid
from tests.factories.people import Cast
from tools.marked_texts import FIELD, marked_texts, speaking_files

SOURCE = Path(settings.BASE_DIR) / "lims" / "locale"
CATALOGUES = source_files(SOURCE)
_PLACES = re.compile(r"%\([\w.]+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>")

EXAMPLE = """
# A comment
msgid ""
msgstr ""
"Language: hi\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
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

msgid "%(n)d bag"
msgid_plural "%(n)d bags"
msgstr[0] "%(n)d थैली"
msgstr[1] ""
"""


def opened(texts: dict[str, str]) -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(compile_catalogue(texts)))


def test_what_is_compiled_is_read_by_the_standard_library() -> None:
    found = opened(read_catalogue(EXAMPLE))
    assert found.gettext('Sample "A"') == 'नमूना "A"'
    assert (found.pgettext("appearance", "Light"), found.gettext("Light")) == ("हल्का", "प्रकाश")
    assert found.info()["language"] == "hi"


@pytest.mark.parametrize("text", ["%(n)s bags", "not translated", "%(n)d bag", "unknown"])
def test_what_is_doubtful_or_empty_stays_english(text: str) -> None:
    found = opened(read_catalogue(EXAMPLE))
    assert found.gettext(text) == text
    assert found.ngettext(text, "many", 5) == "many"


@pytest.mark.parametrize(("n", "words"), [(0, "पंक्ति"), (1, "पंक्ति"), (2, "पंक्तियाँ"), (5, "पंक्तियाँ")])
def test_a_plural_is_compiled_with_the_rule_of_its_language(n: int, words: str) -> None:
    assert opened(read_catalogue(EXAMPLE)).ngettext("%(n)d row", "%(n)d rows", n) == f"%(n)d {words}"


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(Invalid, match="Line 2"):
        read_catalogue('msgid "a"\nmsgstr "b\n')


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_is_whole_and_keeps_the_places_of_values(path: Path) -> None:
    texts = read_catalogue(path.read_text())
    assert len(texts) > 200
    count = int(re.findall(r"nplurals=(\d)", texts[""])[0])
    for key, translation in texts.items():
        originals, forms = key.split("\x04")[-1].split("\0"), translation.split("\0")
        assert len(forms) == (count if len(originals) == 2 else 1), key
        for form in forms if key else ():
            assert sorted(_PLACES.findall(originals[-1])) == sorted(_PLACES.findall(form)), key
            assert originals[-1][-1:] != "." or form[-1] in "।။", key


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_names_each_text_once(path: Path) -> None:
    named = re.findall(r'^((?:msgctxt ".*"\n)?msgid ".+")$', path.read_text(), re.MULTILINE)
    assert not {text for text in named if named.count(text) > 1}


def test_catalogues_translate_only_what_the_product_says() -> None:
    said = set[str]().union(*map(marked_texts, speaking_files(settings.BASE_DIR)))
    for path in CATALOGUES:
        assert not set(read_catalogue(path.read_text())) - said - {""}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_what_people_in_the_field_read_is_translated_whole(path: Path) -> None:
    """A new text on these pages needs its words in both languages: `tools/untranslated.py` lists what lacks them."""
    read = set[str]().union(*map(marked_texts, speaking_files(settings.BASE_DIR, FIELD)))
    assert not read - set(read_catalogue(path.read_text()))


def test_a_text_is_found_however_it_is_marked(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "{% load i18n %}{% translate 'You' %} {% notice _(\"It's here\") %} {% translate 'Light' context 'appearance' %}"
        "{% blocktranslate count n=rows|length with name=row.name %}{{ n }} bag of {{ name }}{% plural %}{{ n }} bags of {{ name }}"
        "{% endblocktranslate %}{% blocktranslate trimmed %}\n 5 % of it\n{% endblocktranslate %}{# translate 'no' #}"
    )
    (tmp_path / "form.py").write_text(
        'one = _("A" "B")\ntwo = ngettext("a", "b", n) % {}\nthree = pgettext_lazy("c", "d")\nfour = _(one)\n'
    )
    page = {"You", "It's here", "appearance\x04Light", "%(n)s bag of %(name)s\0%(n)s bags of %(name)s", "5 %% of it"}
    assert marked_texts(tmp_path / "page.html") == page
    assert marked_texts(tmp_path / "form.py") == {"AB", "a\0b", "c\x04d"}


def test_hindi_says_all_that_burmese_says() -> None:
    """Pages of the ministry and of the laboratories are read in India: there Hindi may say more."""
    hindi, burmese = (set(read_catalogue(path.read_text())) for path in CATALOGUES)
    assert not burmese - hindi


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


def test_set_up_has_compiled_every_catalogue_as_it_stands() -> None:
    """Where this fails, run `manage.py prepare_assets`."""
    for source, made in zip(CATALOGUES, compiled_files(SOURCE, settings.BUILD_DIR / "locale"), strict=True):
        assert made.read_bytes() == compile_catalogue(read_catalogue(source.read_text()))


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
