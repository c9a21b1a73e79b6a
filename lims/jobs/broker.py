"""The Celery application, ready wherever Django is: web, worker, commands and tests send to the same broker."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")  # before the application is made: it looks for Django only then

app = Celery("lims")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lims.jobs"])
# For every thread: the web server answers in threads of its own, and a task sent there must not look for a broker elsewhere.
app.set_default()
