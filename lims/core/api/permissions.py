"""The matrix at the API's door."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from lims.core.roles import Action, require


class MatrixPermission(BasePermission):
    """A view names one action per method in `actions` (`GET` also covers `HEAD`); a method without one does not exist there (405), even
    where a handler was inherited. What a view accepts (`OPTIONS`) anybody signed in may ask."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if request.method == "OPTIONS":
            return True
        action: Action | None = view.actions.get("GET" if request.method == "HEAD" else request.method)
        if action is None:
            raise MethodNotAllowed(str(request.method))
        require(request.user, action)
        return True
