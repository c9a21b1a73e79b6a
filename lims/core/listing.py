"""The base of list pages: filter, order, page, export."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase

from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import refuse_hidden_filters, stream_csv
from lims.core.pages import Page


class RecordList(Page):
    """A declaration of what is listed."""

    filterset_class: ClassVar[Any]
    orderings: ClassVar[dict[str, str]]
    default_ordering: ClassVar[str]
    file_name: ClassVar[str]

    def select(self, viewer: Any) -> QuerySet[Any]:
        """The rows within the viewer's scope."""
        raise NotImplementedError

    def row(self, found: Any) -> dict[str, Any]:
        """One line of the file that `?format=csv` is."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = self.filterset_class(request.GET, queryset=self.select(request.user), request=request)
        refuse_hidden_filters(filters)
        # A filter that cannot be used shows its error on the form and filters nothing.
        rows = filters.qs if filters.is_valid() else filters.queryset
        paginator = KeysetPaginator(request, orderings=self.orderings, default=self.default_ordering)
        if request.GET.get("format") == "csv":
            return stream_csv((self.row(one) for one in paginator.ordered(rows)), self.file_name)
        page = dataclasses.replace(paginator.page(rows), total=rows.count())
        return self.render({"filter_form": filters.form, "page": page, "default_ordering": self.default_ordering})
