"""Restorations of this database."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.backups.selectors import list_restorations, restoration_row
from lims.core.api.views import ActionView
from lims.core.roles import Action


class RestorationSchema(serializers.Serializer[Any]):
    """One restoration."""

    id = serializers.UUIDField()
    restored_at = serializers.DateTimeField()
    backup_made_at = serializers.DateTimeField()
    log_size = serializers.IntegerField(help_text="Entries of the custody log in the backup")
    compared_with = serializers.CharField(allow_null=True, help_text="The checkpoint it was compared with, as signed")
    lost_entries = serializers.IntegerField(allow_null=True, help_text="null: no checkpoint was given to compare with")
    reason = serializers.CharField()
    operator = serializers.CharField()


class RestorationListSchema(serializers.Serializer[Any]):
    """All of them."""

    results = RestorationSchema(many=True)


class Restorations(ActionView):
    """When this database was restored from a backup."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOG_VIEW}

    @extend_schema(operation_id="restorations_list", responses=RestorationListSchema)
    def get(self, request: Request) -> Response:
        """The newest first, each with what it was compared with and how many signed entries of the custody log were lost."""
        return Response({"results": [restoration_row(one) for one in list_restorations()]})
