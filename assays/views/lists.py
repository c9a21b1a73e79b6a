"""The base of the laboratory's lists: filters, order and page live in the address; the same rows as a file."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase

from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.errors import Invalid
from lims.core.pages import Page


class ListPage(Page):
    """A list. Subclasses give `queryset()`, `data(row)` for the file and `shown(row)` for the page, a filter set and orderings."""

    filterset: ClassVar[Any]
    orderings: ClassVar[dict[str, str]]
    default_ordering: ClassVar[str] = "-id"
    file_name: ClassVar[str]

    def queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def data(self, found: Any) -> dict[str, Any]:
        """A row of the exported file."""
        raise NotImplementedError

    def shown(self, found: Any) -> Any:
        """A row of the page."""
        return found

    def more(self) -> dict[str, Any]:
        """Further variables of the template."""
        return {}

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = self.filterset(request.GET, queryset=self.queryset(), request=request)
        # A filter that cannot be used shows its error on the form and filters nothing.
        rows = filters.qs if filters.is_valid() else filters.queryset
        try:
            paginator = KeysetPaginator(request, orderings=self.orderings, default=self.default_ordering)
            if request.GET.get("format") == "csv":
                return stream_csv((self.data(one) for one in paginator.ordered(rows).iterator(2000)), self.file_name)
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, request.path)
        shown = [self.shown(one) for one in page.rows]
        filtered = any(request.GET.get(name) for name in filters.form.fields)
        return self.render({"filters": filters.form, "page": page, "rows": shown, "filtered": filtered} | self.more())
