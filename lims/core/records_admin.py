"""The administrator's look at the tables. Nothing is added, changed or deleted here: every change of a record has its own page, service,
reason and history, and append-only tables have none at all. Secrets are not shown."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _

from lims.core.history import has_history, read_history
from lims.core.roles import Action, allowed

SECRETS = frozenset({"password", "digest", "token", "body", "headers"})
"""Fields no page shows: hashes that stand for a secret, links that open without signing in, kept answers."""

_NAMES = {"code", "number", "name", "username", "label"}
_SEARCHED = _NAMES | {"blind_code", "full_name"}
_WIDE = (models.TextField, models.JSONField, models.BinaryField)


class RecordsSite(admin.AdminSite):
    """Django's admin for administrators who signed in by the front door."""

    site_header = site_title = _("Records")
    index_title = _("All tables, for looking only")

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff whose role manages accounts."""
        return super().has_permission(request) and allowed(request.user, Action.ACCOUNT_EDIT)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Tables to look at; what other packages would let people edit (groups of Django, attempts to sign in) stays away."""
        if admin_class is not None and issubclass(admin_class, RecordAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one way to sign in, with its limit of attempts."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", request.get_full_path()))


class RecordAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table, read-only, with the history of each row where one is kept."""

    list_per_page = 50
    show_full_result_count = False
    actions = None
    hidden: ClassVar[frozenset[str]] = SECRETS

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return allowed(request.user, Action.ACCOUNT_EDIT)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in _shown(self.model, self.hidden)]

    get_readonly_fields = get_fields

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every version of the row, from the database's own history."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = get_object_or_404(self.model, pk=object_id)
        changes = read_history(found, hide=self.hidden) if has_history(self.model) else []
        context = {"record": found, "changes": changes, "opts": self.model._meta}
        return render(request, "admin/record_history.html", self.admin_site.each_context(request) | context)


def register_records(app_label: str, *, restricted: frozenset[str] = frozenset()) -> None:
    """Show every table of an app but its `restricted` fields, which administrators have no need to know. The tables that keep the history
    of others are shown by the rows they belong to."""
    for model in apps.get_app_config(app_label).get_models():
        if not hasattr(model, "pgh_tracked_model") and not model._meta.proxy:
            admin.site.register(model, _admin_of(model, SECRETS | restricted))


def _shown(model: type[models.Model], hidden: frozenset[str]) -> list[Any]:
    """All but secrets and raw bytes."""
    return [field for field in model._meta.concrete_fields if field.name not in hidden and not isinstance(field, models.BinaryField)]


def _admin_of(model: type[models.Model], hidden: frozenset[str]) -> type[RecordAdmin]:
    columns = [field for field in _shown(model, hidden) if not isinstance(field, _WIDE) and not field.primary_key][:7]
    names = {field.name for field in columns}
    declared = {
        "hidden": hidden,
        "list_display": [*([] if names & _NAMES else ["__str__"]), *(field.name for field in columns)],
        "list_select_related": [field.name for field in columns if field.is_relation] or False,
        "list_filter": [field.name for field in columns if field.choices or isinstance(field, models.BooleanField)],
        "search_fields": sorted(names & _SEARCHED),
    }
    return type(f"{model.__name__}Admin", (RecordAdmin,), declared)
