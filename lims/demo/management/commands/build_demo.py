"""Build the demonstration laboratory in an empty database that is then marked synthetic, for ever."""

from __future__ import annotations

import random
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lims.core import clock
from lims.core.models import Installation
from lims.demo import (
    counts,
    credentials,
    dossiers,
    examples,
    later_orders,
    nonconformities,
    people,
    places,
    products,
    provenance,
    spares,
    storage,
    story,
    witnessed,
)
from lims.demo.journeys import Story


class Command(BaseCommand):
    """Does nothing where it was done before."""

    help = "Fills an empty database with a synthetic laboratory, through the services, and writes var/demo/."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demonstration laboratory is not for production: its data are invented.")
        existing = Installation.objects.first()
        if existing is not None:
            if not existing.synthetic:
                raise CommandError("This database is in real use; the demonstration goes into an empty one. Name another in DATABASE_URL.")
            if credentials.path().exists():
                return
            raise CommandError("The demonstration was begun and not finished. Start over: make demo RESET=1")
        started = time.monotonic()
        Installation.create(synthetic=True)
        counts.add_counts_method()
        cast = people.build_people(clock.today())
        # The same seed gives the same rocks; moments follow today's date.
        told = Story(cast, places.build_mines(), clock.now(), random.Random(20261122), self._say)
        story.tell(told)
        later_orders.tell(told)
        products.tell(told)
        provenance.tell(told)
        storage.lay_out(told)
        nonconformities.tell(told)
        dossiers.show_samples(told)
        laid_out = spares.lay_out(told)
        examples.write(told, laid_out, witnessed.witness_log(told))
        dossiers.make_dossiers(told)
        credentials.write(told)
        self._say(f"demonstration laboratory built in {time.monotonic() - started:.0f} s")

    def _say(self, text: str) -> None:
        self.stdout.write(f"    {text}")
        self.stdout.flush()
