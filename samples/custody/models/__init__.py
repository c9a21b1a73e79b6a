"""The tables of custody. `ledger` alone writes events, `sequencing` and its like alone the log over them; `reading`, `proving` and
`verifying` alone read them for everybody else."""

from samples.custody.models.events import CustodyDisclosure, CustodyEvent, CustodyHead
from samples.custody.models.log import Cosignature, LogCheckpoint, LogKey, LogLeaf, LogNode, Unsequenced, Witness

__all__ = [
    "Cosignature",
    "CustodyDisclosure",
    "CustodyEvent",
    "CustodyHead",
    "LogCheckpoint",
    "LogKey",
    "LogLeaf",
    "LogNode",
    "Unsequenced",
    "Witness",
]
