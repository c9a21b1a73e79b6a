"""The matrix at the API's door."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from lims.core.roles import Action, require


class MatrixPermission(BasePermission):
    """A view names one action per method in `actions`; a method it does not name needs no permission check because it answers 405."""

    def has_permission(self, request: Request, view: Any) -> bool:
        action: Action | None = view.actions.get(request.method)
        if not request.user or not request.user.is_authenticated:
            return False
        if action is not None:
            require(request.user, action)
        return True
