"""Tasks find their broker wherever Django is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings

from lims.jobs.tasks import run


def test_a_task_sent_by_any_thread_goes_to_the_configured_broker() -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        address = elsewhere.submit(lambda: run.app.conf.broker_url).result()
    assert address == settings.CELERY_BROKER_URL
