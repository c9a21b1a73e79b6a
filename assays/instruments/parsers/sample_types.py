"""What MassHunter's sample types mean. Laboratories rename the QC types, so a word not listed is read by its parts, and one not
understood stays unknown."""

from __future__ import annotations

import re

from .model import Kind

# The types of the acquisition software, and the names laboratories that follow EPA practice give to QC1..QC5 (spaces left out).
# A spike reference is the sample measured without its spike: a sample like any other.
_WORDS: dict[Kind, str] = {
    "blank": "bkgnd blkvrfy calblk fqblk sqblk blk blank lrb mb mblk icb ccb prepblank methodblank rinse wash",
    "standard": "calstd dilstd isostd sqstd sqistd cal std standard tune",
    "control": "cicspike driftchk spike dup duplicate qc qcs lfb lfbd lcs lcsd icv ccv crm srm ms msd lrbs lrbd icsa icsab pds",
    "sample": "sample samp smpl unknown unk spikeref",
}
_KINDS: dict[str, Kind] = {word: kind for kind, words in _WORDS.items() for word in words.split()}

# For names made of these, in the order that errs towards not being a sample: `ICV2`, `Cal Blank 1`, `SpikeQC2`, `Std 5`.
_PARTS: tuple[tuple[str, Kind], ...] = (
    (r"blk|blank|rinse|wash", "blank"),
    (r"^cal|std|standard|tune", "standard"),
    (r"^qc|qc\d*$|spike|spk|dup|drift|ch?ec?k|^icv|^ccv|^lfb|^lcs|^lrb|crm|srm|recovery", "control"),
)


def classify_type(text: str) -> Kind:
    """Whether a row of this type is a blank, a standard, a control or a sample; `unknown` where the type is empty or not understood.

    `QCS (QC1)` and `QCS` are one: what stands in brackets is the type's original name.
    """
    word = re.sub(r"\([^)]*\)|[\s_.-]+", "", text).casefold()
    if word in _KINDS:
        return _KINDS[word]
    return next((kind for pattern, kind in _PARTS if re.search(pattern, word)), "unknown")
