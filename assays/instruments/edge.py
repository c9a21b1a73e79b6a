"""What the pages and the API of uploads do alike at the edge."""

from __future__ import annotations

from assays.instruments.deferring import is_deferred
from assays.instruments.models import Upload, UploadState
from lims.jobs.dispatch import send_on_commit


def send_reading(upload: Upload) -> Upload:
    """Send the job that reads the upload, once its row is committed; nothing where none is to be read by a worker. Gives the upload
    back."""
    if upload.job is not None and (upload.state == UploadState.READING or (upload.state == UploadState.RECORDED and is_deferred(upload))):
        send_on_commit(upload.job)
    return upload
