"""The base of every API view: the matrix, safe retries, lists."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lims.core.api.idempotency import idempotent
from lims.core.api.paging import KeysetPaginator
from lims.core.errors import DomainError, Invalid, Problem
from lims.core.plain_numbers import find_odd_numbers
from lims.core.roles import Action

ODD_NUMBER = "Write a number with the digits 0 to 9 and a point, as in 1850.5."


class Malformed(DomainError):
    """The body is not what its content type says (400)."""

    kind = "malformed"


class SafelyRepeated(APIView):
    """Every POST honours `Idempotency-Key`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and hasattr(self, "post"):
            view: Any = self
            view.post = idempotent(view.post)


class ActionView(SafelyRepeated):
    """An endpoint. `actions` names the permission of each method."""

    actions: ClassVar[dict[str, Action]] = {}


class OpenView(SafelyRepeated):
    """An endpoint for anyone, signed in or not: who calls is not even asked. Calls are counted per address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Struct(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A request body: typed, unknown members refused."""


def decode(request: Request, kind: Any) -> Any:
    """The JSON body as `kind` (a `Struct` or a type of them); a wrong member is named by its path."""
    return decode_values(request.data, kind)


def decode_values(values: Any, kind: Any) -> Any:
    """Plain values, of a JSON body or a form, as `kind`; a wrong member is named by its path."""
    refuse_odd_numbers(values, kind)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/").replace("...", "*")
        raise Invalid("validation", f"{pointer or 'body'}: {message}", problems=[Problem(pointer, "validation", message)]) from error


def refuse_odd_numbers(values: Any, kind: Any) -> None:
    """Raise `Invalid('validation')` for each text that stands for a number and is none that a person would write."""
    problems = [Problem(pointer, "validation", ODD_NUMBER) for pointer in find_odd_numbers(values, kind)]
    if problems:
        raise Invalid("validation", f"{problems[0].pointer or 'body'}: {ODD_NUMBER}", problems=problems)


_FLAGS = {"0": False, "false": False, "1": True, "true": True}


def read_flag(request: Request, name: str) -> bool:
    """What the query says by `name=1` or `name=0`; no when it is not named. Anything else is refused: who writes `dry_run=yes`, or
    `dry_run` alone, must not find the samples registered."""
    text = request.query_params.get(name, "0").lower()
    if text not in _FLAGS:
        sentence = "Write 1 or 0."
        raise Invalid(name, f"{name}: {sentence}", problems=[Problem(f"/{name}", name, sentence)])
    return _FLAGS[text]


def refuse_hidden_filters(filters: Any) -> None:
    """Raise `Invalid('filter')` where a filter is asked for that this caller does not have: what it lets through would tell what is not
    theirs, and rows that were not filtered would pass for those that were."""
    hidden = sorted(name for name in filters.base_filters.keys() - filters.filters.keys() if filters.data.get(name))
    if hidden:
        sentence = "Your role does not filter by this, so nothing was listed. Leave it out."
        raise Invalid("filter", f"{hidden[0]}: {sentence}", problems=[Problem(f"/{name}", "filter", sentence) for name in hidden])


class CsvRenderer(JSONRenderer):
    """Lets a caller ask for CSV. Lists stream it themselves; what passes here is a refusal, and that stays JSON."""

    media_type = "text/csv"
    format = "csv"


def renderer_for(media: str, name: str) -> type[JSONRenderer]:
    """Lets a caller ask for a file of that media type by `Accept`; `request.accepted_renderer.format` is then `name`. A refusal stays
    JSON."""
    return type(f"{name.title()}Renderer", (JSONRenderer,), {"media_type": media, "format": name})


class ListView(ActionView):
    """A list: keyset pages, filters named after fields, `?ordering=`, `?fields=`, `?count=1`, and the same rows as CSV by `Accept`.

    Subclasses give `queryset(request)`, `row(object, request)`, `orderings` (name → field) and optionally `filterset_class`.
    """

    orderings: ClassVar[dict[str, str]] = {"id": "id"}
    default_ordering: ClassVar[str] = "-id"
    filterset_class: ClassVar[Any] = None

    def get_renderers(self) -> list[Any]:
        reading = getattr(self.request, "method", "GET") in {"GET", "HEAD"}
        return [*super().get_renderers(), *([CsvRenderer()] if reading else [])]

    def queryset(self, request: Request) -> QuerySet[Any]:
        raise NotImplementedError

    def row(self, found: Any, request: Request) -> dict[str, Any]:
        raise NotImplementedError

    def filtered(self, request: Request) -> QuerySet[Any]:
        """The caller's rows, filtered by the query string; an unusable filter is refused, not ignored."""
        rows = self.queryset(request)
        if self.filterset_class is None:
            return rows
        filters = self.filterset_class(request.query_params, queryset=rows, request=request)
        refuse_hidden_filters(filters)
        if not filters.is_valid():
            problems = [Problem(f"/{name}", "filter", str(message)) for name, messages in filters.errors.items() for message in messages]
            raise Invalid("filter", f"The filter {problems[0].pointer[1:]} cannot be used: {problems[0].detail}", problems=problems)
        result: QuerySet[Any] = filters.qs
        return result

    def get(self, request: Request) -> Any:
        paginator = KeysetPaginator(request, orderings=self.orderings, default=self.default_ordering)
        rows = self.filtered(request)
        fields = [name for name in request.query_params.get("fields", "").split(",") if name]
        if request.accepted_renderer.format == "csv":
            return stream_csv(self._pick(self.row(one, request), fields) for one in paginator.ordered(rows).iterator(2000))
        page = paginator.page(rows)
        body: dict[str, Any] = {"next": page.next, "previous": page.previous}
        if read_flag(request, "count"):
            body["count"] = rows.count()
        body["results"] = [self._pick(self.row(one, request), fields) for one in page.rows]
        return Response(body)

    @staticmethod
    def _pick(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        return {name: row[name] for name in fields if name in row} if fields else row


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


# Also in full width, which spreadsheets read alike.
_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; a negative number stays a number."""
    if not isinstance(value, str) or not value.lstrip().startswith(_FORMULA_SIGNS):
        return value
    return value if _NUMBER.fullmatch(value) else f"'{value}"


def stream_csv(rows: Iterator[dict[str, Any]], name: str = "list.csv") -> StreamingHttpResponse:
    """The rows as CSV, one at a time; nested values are written as dotted columns."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        header: list[str] | None = None
        for row in rows:
            flat = flatten(row)
            if header is None:
                header = list(flat)
                yield writer.writerow(header)
            yield writer.writerow([safe_cell(flat.get(key)) for key in header])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def flatten(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"dy": {"value": 1}}` → `{"dy.value": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
