"""Mines and pits. Coordinates are restricted: shown by permission only; laboratories see at most the belt."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history
from lims.core.roles import Role


def coordinate(limit: int) -> models.DecimalField[Any, Any]:
    """Decimal degrees WGS 84 within ±limit."""
    return models.DecimalField(
        max_digits=9, decimal_places=6, null=True, blank=True, validators=[MinValueValidator(-limit), MaxValueValidator(limit)]
    )


class MineQuerySet(models.QuerySet["Mine"]):
    """Mines by viewer."""

    def visible_to(self, user: Any) -> MineQuerySet:
        """Collectors and officials see mines; laboratories and carriers none."""
        if user.role in {Role.COLLECTOR, Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        return self.none()


@history()
class Mine(Record):
    """A mine: its belt may be told, its place is restricted."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=120, unique=True)
    belt = models.CharField(max_length=80)
    township = models.CharField(max_length=80, blank=True)
    operator = models.CharField(max_length=160, blank=True)
    control = models.CharField(max_length=160, blank=True, help_text=_("Who controls the area"))
    extraction_method = models.CharField(max_length=120, blank=True)
    latitude = coordinate(90)
    longitude = coordinate(180)
    remark = models.TextField(blank=True)
    active = models.BooleanField(default=True)

    objects = MineQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PitQuerySet(models.QuerySet["Pit"]):
    """Pits by viewer."""

    def visible_to(self, user: Any) -> PitQuerySet:
        return self.filter(mine__in=Mine.objects.visible_to(user))


@history()
class Pit(Record):
    """A pit, trench or leach pond within a mine."""

    mine = models.ForeignKey(Mine, on_delete=models.PROTECT, related_name="pits", db_index=False)
    code = models.CharField(max_length=20)
    kind = models.CharField(
        max_length=20,
        choices=[
            ("pit", _("pit")),
            ("trench", _("trench")),
            ("pond", _("leach pond")),
            ("drillhole", _("drill hole")),
            ("stockpile", _("stockpile")),
        ],
        default="pit",
    )
    latitude = coordinate(90)
    longitude = coordinate(180)
    elevation_m = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True)
    remark = models.TextField(blank=True)

    objects = PitQuerySet.as_manager()

    class Meta:
        ordering = ["mine__name", "code"]
        constraints = [models.UniqueConstraint(fields=["mine", "code"], name="pit_code_once_per_mine")]

    def __str__(self) -> str:
        return f"{self.mine} {self.code}"
