"""How a restored custody log stands to a checkpoint somebody kept: the only proof that a backup is not an older or another past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lims.core.errors import DomainError
from lims.core.models import Installation
from samples.custody import notes
from samples.custody.log_nodes import fetch_root
from samples.custody.notes import Checkpoint, VerifierKey
from samples.custody.proving import list_keys
from samples.custody.sequencing import next_index


@dataclass(frozen=True)
class Standing:
    """The restored log against one checkpoint: `lost` leaves that it covers are not here (0: nothing that was signed is missing)."""

    note: str
    size: int
    lost: int


def compare_log(texts: Iterable[str]) -> Standing | None:
    """The restored log against the largest of the given checkpoints; None where there is none.

    Raises `DomainError('other_log' | 'unknown_key' | 'altered')` for a checkpoint of another log, one signed by no key this log knows, or
    one whose first leaves are not those restored.
    """
    found = [(_open(text), text) for text in texts]
    if not found:
        return None
    size = next_index()
    for checkpoint, _text in found:
        if checkpoint.size <= size and fetch_root(checkpoint.size) != checkpoint.root:
            raise DomainError(
                "altered",
                f"The first {checkpoint.size} entries of the restored custody log are not those of a checkpoint. The backup or the"
                " checkpoint was altered; keep both, restore nothing, and tell the auditor.",
            )
    largest, text = max(found, key=lambda one: one[0].size)
    return Standing(text, largest.size, max(0, largest.size - size))


def _open(text: str) -> Checkpoint:
    origin = Installation.current().origin
    try:
        checkpoint = notes.parse_checkpoint(notes.parse_note(text).text)
        if checkpoint.origin != origin:
            raise DomainError("other_log", f"The checkpoint is one of {checkpoint.origin}, the backup one of {origin}.")
        notes.open_checkpoint(text, _keys())
    except (notes.MalformedNote, notes.WrongSignature) as error:
        raise DomainError("bad_checkpoint", f"The checkpoint cannot be used: {error}") from error
    except notes.UnknownKey as error:
        raise DomainError(
            "unknown_key",
            f"No key of the backup signed the checkpoint: {error} It was signed after a change of keys, or by another. Give an earlier"
            " checkpoint, or restore a later backup.",
        ) from error
    return checkpoint


def _keys() -> list[VerifierKey]:
    return [entry.key for entry in list_keys()]
