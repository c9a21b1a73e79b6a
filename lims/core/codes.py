"""Human codes. Each ends in an ISO/IEC 7064 MOD 37,36 check character, so a wrong character, and nearly every swap of two, is caught at the
keyboard.

A code says nothing about origin: `S-26-00142-K` is a sample of 2026, `B-483920111-7` the blind code a laboratory sees. Codes never change.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from lims.core.errors import Invalid

SAMPLE, BLIND, CONSIGNMENT, VISIT, SUBMISSION, RUN, ALIQUOT, CERTIFICATE, DOSSIER = "S", "B", "CN", "V", "SUB", "RUN", "A", "C", "D"
PROVENANCE, ALLOTMENT, LOCATION, NONCONFORMITY, LOT, VALIDATION = "PR", "L", "PL", "NC", "LT", "VC"
NOUNS = {
    SAMPLE: "sample",
    BLIND: "blind sample",
    CONSIGNMENT: "consignment",
    VISIT: "visit",
    SUBMISSION: "submission",
    RUN: "run",
    ALIQUOT: "aliquot",
    CERTIFICATE: "certificate",
    DOSSIER: "dossier",
    PROVENANCE: "provenance record",
    ALLOTMENT: "set of codes",
    LOCATION: "place in storage",
    NONCONFORMITY: "nonconformity",
    LOT: "lot",
    VALIDATION: "validation of the calculations",
}
_SHAPE = re.compile(r"^([A-Z]{1,4})-([A-Z0-9]+(?:-[A-Z0-9]+)*)-([A-Z0-9])$")


def with_check_character(body: str) -> str:
    """`S-26-00142` → `S-26-00142-K`."""
    return f"{body}-{mod_37_36.calc_check_digit(body.replace('-', ''))}"


def make_code(prefix: str, year: int, number: int) -> str:
    """The code of the `number`-th record of its kind in `year` (two digits are printed)."""
    return with_check_character(f"{prefix}-{year % 100:02d}-{number:05d}")


def make_blind_code() -> str:
    """A random code that tells a laboratory nothing, not even an order (a billion of them; uniqueness is the database's)."""
    return with_check_character(f"{BLIND}-{secrets.randbelow(9 * 10**8) + 10**8}")


def normalise(text: str) -> str:
    """What a person or a scanner typed, without spaces and in capitals."""
    return re.sub(r"\s+", "", text).upper()


_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−_"), "-")
# Serial codes typed without their hyphens, and blind ones.
_BARE = (re.compile(r"^(S|CN|V|SUB|RUN|A|C|D|PR|L|PL|NC|LT|VC)(\d{2})(\d{5})([A-Z0-9])$"), re.compile(r"^(B)(\d{9})([A-Z0-9])$"))
# What readers may be set to send before the data: which symbology it was (ISO/IEC 15424), as in ]C1 and ]Q3.
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")


def tidy_scanned(text: str) -> str:
    """What a reader or a person sent, as a code: without the reader's prefix and control characters, capitals without blanks, plain
    hyphens, Latin digits; hyphens that were left out are put back."""
    text = "".join(sign for sign in text if sign.isprintable()).strip()
    text = _SYMBOLOGY.sub("", text)
    text = "".join(str(unicodedata.digit(sign, sign)) if sign.isdigit() else sign for sign in unicodedata.normalize("NFKC", text))
    code = normalise(text.translate(_DASHES)).strip("*#;,")
    for bare in _BARE:
        if match := bare.match(code):
            return "-".join(match.groups())
    return code


def has_code_shape(text: str) -> bool:
    """Whether the text looks like one of our codes, right or mistyped."""
    match = _SHAPE.match(normalise(text))
    return bool(match) and match.group(1) in NOUNS if match else False


def check_code(text: str) -> str:
    """The normalised code; raises `Invalid('check_character')` when the check character does not fit."""
    code = normalise(text)
    if not has_code_shape(code):
        raise Invalid(
            "code_shape", f"“{text}” is not a code of this system. Codes look like S-26-00142-K; scan the label or type it again."
        )
    try:
        mod_37_36.validate(code.replace("-", ""))
    except ValidationError as error:
        raise Invalid(
            "check_character",
            f"The last character of “{code}” does not fit the rest: one character is mistyped. Scan the label or type it again.",
        ) from error
    return code
