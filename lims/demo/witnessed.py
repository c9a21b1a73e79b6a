"""The demonstration's custody log: signed over everything that was told, and cosigned by a witness of the ministry's."""

from __future__ import annotations

from django.conf import settings

from lims.accounts.models import Organisation
from lims.core import clock
from lims.demo import people
from lims.demo.journeys import Story
from samples.custody import notes
from samples.custody.cosigning import accept_cosignature
from samples.custody.proving import latest_checkpoint
from samples.custody.sequencing import advance_log
from samples.custody.signing_key import make_key, read_key
from samples.services.witnessing import register_witness

NAME = "witness.ministry.example/custody"


def witness_log(story: Story) -> str:
    """Advance the log and let the demonstration's witness cosign it; returns the cosigned checkpoint, which is accepted again as it stands.

    A real witness runs outside the operator's machines; this one only shows what it looks like.
    """
    path = settings.DATA_DIR / "demo" / "witness.pem"
    key = read_key(path) if path.exists() else make_key(path)
    signer = notes.Signer(NAME, key, notes.COSIGNATURE)
    administrator = story.cast.of("administrator", people.FIRST["administrator"])
    ministry = Organisation.objects.get(code=people.FIRST["administrator"])
    register_witness(verifier=str(signer.verifier_key), operator=ministry, by=administrator)
    advance_log()
    checkpoint = latest_checkpoint()
    assert checkpoint is not None  # noqa: S101  # the story has events
    note = notes.parse_note(checkpoint.note)
    text = str(note.with_signatures([notes.cosign(note.text, signer, int(clock.now().timestamp()))]))
    accept_cosignature(text)
    return text
