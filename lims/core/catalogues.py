"""Catalogues of translations: from the text files kept with the source (`.po`) to what Django reads (`.mo`), without GNU gettext.

The formats are those of the GNU gettext manual (10, *The Format of PO Files* and *MO Files*). Texts marked fuzzy, and plurals that lack
a form, are left out: such a text is shown in English.
"""

from __future__ import annotations

import ast
import os
import struct
from pathlib import Path

from lims.core.errors import Invalid

_MAGIC = 0x950412DE
_CONTEXT_END = "\x04"
_NEXT_FORM = "\0"
_KEYWORDS = ("msgctxt", "msgid_plural", "msgid", "msgstr[", "msgstr")


def read_catalogue(text: str) -> dict[str, str]:
    """The translated texts of a `.po` file: key (`catalogue_key`) → translation, the forms of a plural with a NUL between;
    the header stands under the empty text. Raises `Invalid` naming the line that cannot be read."""
    found: dict[str, str] = {}
    entry: dict[str, str] = {}
    field, fuzzy = "", False
    for number, line in enumerate([*text.splitlines(), "msgid"], 1):
        line = line.strip()
        keyword = next((word for word in _KEYWORDS if line.startswith(word)), "")
        begins = line.startswith("#") or keyword in {"msgctxt", "msgid"}
        if begins and any(word.startswith("msgstr") for word in entry):
            _keep(entry, fuzzy, found)
            entry, fuzzy = {}, False
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif keyword:
            field = line.split("]")[0] if keyword == "msgstr[" else keyword
            entry[field] = _read_string(line, number) if '"' in line else ""
        elif line:
            entry[field] = entry.get(field, "") + _read_string(line, number)
    return found


def catalogue_key(text: str, context: str = "", plural: str = "") -> str:
    """What `.mo` files find a text by: its context before an EOT sign, its plural after a NUL."""
    return (context + _CONTEXT_END if context else "") + text + (_NEXT_FORM + plural if plural else "")


def _keep(entry: dict[str, str], fuzzy: bool, found: dict[str, str]) -> None:
    original = entry.get("msgid", "")
    forms = [entry[word] for word in sorted(entry) if word.startswith("msgstr")]
    if all(forms) and (not fuzzy or not original):
        found[catalogue_key(original, entry.get("msgctxt", ""), entry.get("msgid_plural", ""))] = _NEXT_FORM.join(forms)


def _read_string(line: str, number: int) -> str:
    """The quoted text of a line; its escapes are those of C, which Python shares."""
    try:
        return str(ast.literal_eval(line[line.index('"') :]))
    except (ValueError, SyntaxError) as error:
        raise Invalid("catalogue", f"Line {number} of this catalogue is not a quoted text: {line}") from error


def compile_catalogue(texts: dict[str, str]) -> bytes:
    """The `.mo` file of the texts: a table of lengths and places of the originals in order, the same of the translations, then both."""
    pairs = [(original.encode(), translation.encode()) for original, translation in texts.items()]
    pairs.sort()
    originals, translations = b"", b""
    tables: tuple[list[int], list[int]] = ([], [])
    start = 7 * 4 + 2 * len(pairs) * 8
    second = start + sum(len(original) + 1 for original, _ in pairs)
    for original, translation in pairs:
        tables[0].extend((len(original), start + len(originals)))
        tables[1].extend((len(translation), second + len(translations)))
        originals += original + b"\0"
        translations += translation + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return head + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + originals + translations


def source_files(source: Path) -> list[Path]:
    """The text files of a folder of languages."""
    return sorted(source.glob("*/LC_MESSAGES/django.po"))


def compiled_files(source: Path, target: Path) -> list[Path]:
    """Where the catalogues of `source` stand below `target` once they are compiled, in the order of `source_files`."""
    return [(target / path.relative_to(source)).with_suffix(".mo") for path in source_files(source)]


def compile_folder(source: Path, target: Path) -> None:
    """Compile every catalogue of `source` into the same place below `target`."""
    for path, made in zip(source_files(source), compiled_files(source, target), strict=True):
        made.parent.mkdir(parents=True, exist_ok=True)
        partial = made.with_name(made.name + ".part")
        partial.write_bytes(compile_catalogue(read_catalogue(path.read_text(encoding="utf-8"))))
        os.replace(partial, made)
