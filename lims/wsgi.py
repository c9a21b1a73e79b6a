"""WSGI entry point for the web processes."""

import os

from django.core.wsgi import get_wsgi_application

from lims.core.startup import keep_what_is_loaded, refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")

application = get_wsgi_application()
refuse_unsafe()
keep_what_is_loaded()
