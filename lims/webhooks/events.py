"""What other systems can be told of. An event carries identifiers and an address of the interface, nothing measured and no origin: whoever
wants to know more asks there, with a token and the scope it has. Pure."""

from __future__ import annotations

EVENTS = {
    "upload.recorded": "An instrument's export was recorded in its run",
    "upload.waiting": "An export waits for a person's decision",
    "upload.unreadable": "An export could not be read",
    "run.judged": "A run was reduced and its controls judged",
    "run.reviewed": "A run was reviewed and approved",
    "run.sent_back": "A run was sent back",
    "results.authorised": "The results of a run were authorised",
    "certificate.issued": "A certificate came into force",
    "certificate.amended": "A certificate came into force that replaces another",
    "certificate.withdrawn": "A certificate was withdrawn",
    "consignment.received": "A consignment was received at its laboratory",
}
EVENT_NAMES = sorted(EVENTS)
