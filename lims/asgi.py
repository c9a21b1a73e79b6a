"""ASGI entry point, for deployments that prefer an ASGI server."""

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.asgi import get_asgi_application

from lims.core.startup import keep_what_is_loaded, refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")

application = get_asgi_application()
with ThreadPoolExecutor(1) as outside_the_event_loop:
    outside_the_event_loop.submit(refuse_unsafe).result()
keep_what_is_loaded()
