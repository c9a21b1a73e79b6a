"""The base of every web page: sign-in, the matrix, refusals as messages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.roles import Action, allowed


class Page(View):
    """A page. `actions` names the permission of each method (`GET` also covers `HEAD`); a method without one does not exist here (405),
    even where a handler was inherited. What is out of scope is *not found*."""

    actions: ClassVar[dict[str, Action]] = {}
    template: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.actions:
            return self._say_there_is_no_page(request) if method == "GET" else self.http_method_not_allowed(request, *args, **kwargs)
        if not allowed(request.user, self.actions[method]):
            raise PermissionDenied
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except Forbidden as error:
            raise PermissionDenied(error.message) from error
        except DomainError as error:
            # A page that knows where to go back says its refusals there; here they get a page of their own.
            return render(request, "errors/409.html", {"error": error}, status=422 if error.kind == "invalid" else 409)

    def _say_there_is_no_page(self, request: HttpRequest) -> HttpResponse:
        """What only takes a form has nothing to show: who gets here by signing in again, or by an old address, is told so."""
        answer = render(request, "errors/405.html", status=405)
        answer.headers["Allow"] = ", ".join(self.actions)
        return answer

    def render(self, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        """The page's template with the context."""
        return render(self.request, template or self.template, context, status=status)

    def refuse(self, error: DomainError, to: str) -> HttpResponse:
        """Say the refusal and go back; who may not do it at all, or not see it, gets the page that says so."""
        if isinstance(error, (Forbidden, NotFound)):
            raise error
        messages.error(self.request, error.message)
        return redirect(to)


def add_form_errors(form: Any, error: DomainError) -> None:
    """Put each problem of a refusal next to its field; what fits no field stands at the top. Who may not do it at all, or not see it, has
    nothing to correct: that is raised again."""
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    if not error.problems:
        form.add_error(None, error.message)
    for problem in error.problems:
        field = problem.pointer.strip("/").split("/")[-1]
        form.add_error(field if field in form.fields else None, problem.detail)
