"""The whole interface against what nobody expects: every operation of its description, every kind of caller.

Two sources of requests. Schemathesis draws them from the description, half of them as described and half wrong on purpose. And every body
that is accepted as it stands (`examples.json`) is sent with one member turned into something hostile, which reaches further, because
everything else in it is right. Each request is rolled back, so the next one finds the same laboratory.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from rest_framework.test import APIClient
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from samples.models import Mine, Sample

ANONYMOUS = "anonymous"
CALLERS = (ANONYMOUS, "instrument", "technician", "quality_manager", "official")
_PROBLEM = "application/problem+json"
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
# What stands in place of a member: no text, no number, no time, too much, too deep, another kind of thing.
HOSTILE: tuple[Any, ...] = (
    "a\0b",
    "\ud800",
    "",
    " ",
    "x" * 70_000,
    "٣",
    "NaN",
    "-Infinity",
    "1e999999999",
    "1E+400",
    "0.00000000000000000000000000001",
    "-1",
    "9" * 400,
    10**30,
    -(10**30),
    2**63,
    -1,
    0,
    1.5e308,
    None,
    True,
    [],
    {},
    [None],
    [[]],
    {"a": None},
    ["x"] * 1100,
    "2026-13-45",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999-14:00",
    "2026-02-30T10:00:00Z",
    "2026-02-03T10:00:00",
    "00000000-0000-0000-0000-000000000000",
    "not-a-uuid",
    "../../etc/passwd",
    "=1+1",
    "'; DROP TABLE samples_sample; --",
    "<script>alert(1)</script>",
)


@dataclass
class Findings:
    """What went wrong, by operation and kind; each with the first request that showed it."""

    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    times: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)

    def add(self, operation: str, kind: str, request: str) -> None:
        self.times[operation, kind] += 1
        self.seen.setdefault((operation, kind), request)

    def __str__(self) -> str:
        return "\n".join(f"{key[0]} · {key[1]} (× {self.times[key]})\n    {request}" for key, request in sorted(self.seen.items()))


class Fuzzer:
    """The interface over a demonstration, described by the document it serves."""

    def __init__(self, credentials: dict[str, Any], examples: dict[str, dict[str, Any]]) -> None:
        load_all_checks()
        document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
        self.schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
        self.schema.app = get_wsgi_application()
        self.operations = {one.ok().label: one.ok() for one in self.schema.get_all_operations()}
        self.examples = examples
        self.open = {label for label, one in self.operations.items() if not one.definition.raw.get("security")}
        tokens = credentials["tokens"] | {"instrument": credentials["instruments"][examples[_UPLOAD]["as"]]} | credentials["instruments"]
        self.headers = {name: {"Authorization": f"Token {token}"} for name, token in tokens.items()} | {ANONYMOUS: {}}
        self.checks = CHECKS.get_by_names(list(_CHECKS))
        self.sparse = CHECKS.get_by_names([name for name in _CHECKS if name != "response_schema_conformance"])
        self.negative = CHECKS.get_by_names(["negative_data_rejection"])
        self.names = {caller: self._find_names(caller) for caller in CALLERS}
        self.hidden = _hidden_from_laboratories()
        self.findings = Findings()

    def draw(self, label: str, mode: GenerationMode, examples: int, callers: tuple[str, ...] = CALLERS) -> None:
        """Requests drawn from the description, as it says or wrong on purpose; each is sent by everybody named."""

        @seed(1)
        @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(case=self.operations[label].as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            for caller in callers:
                drawn = case.path_parameters
                names = self._real_names(drawn or {}, label, caller)
                case.path_parameters = names or drawn
                # With a name put right nothing else of a wrong request need be wrong.
                self.send(case, label, caller, wrong=mode.is_negative and not names)
                case.path_parameters = drawn

        # Nothing wrong can be drawn for an operation that takes nothing.
        with suppress(Unsatisfiable):
            send()

    def harm(self, label: str, share: float, chance: random.Random) -> None:
        """The accepted example with one member made hostile, for `share` of the pairs of member and value."""
        example = self.examples.get(label)
        if example is None or "file" in example:
            return
        operation = self.operations[label]
        names = _names_in(label.split(" ", 1)[1], example["path"])
        for place in list(_places(example["body"])):
            for value in HOSTILE:
                if chance.random() < share:
                    body = _replaced(example["body"], place, value)
                    case = operation.Case(path_parameters=names, body=body, media_type="application/json")
                    self.send(case, label, example["as"], plain=True)

    def send(self, case: Any, label: str, caller: str, *, wrong: bool = False, plain: bool = False) -> None:
        """One request, and what must hold for every answer."""
        headers = self.headers[caller] | ({"Content-Type": "application/json"} if plain else {})
        with _one_connection(), transaction.atomic():
            try:
                response = case.call(headers=headers)
            except UnicodeError:
                response = None
            transaction.set_rollback(True)
        if response is None:
            return
        self.findings.answers[response.status_code] += 1
        request = f"as {caller}: {_shown(response, case)}"
        query = dict(parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True))
        # Who asks for some members gets no others; an empty parameter asks for nothing, so nothing is wrong with it.
        checks = self.sparse if query.get("fields") else self.checks
        try:
            case.validate_response(response, checks=[*checks, *(self.negative if wrong and all(query.values()) else [])], headers=headers)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.findings.add(label, f"{failure.title} {response.status_code}", f"{request}\n    {str(failure)[:600]}")
        for kind in self._broken(response, label, caller):
            self.findings.add(label, kind, request)

    def _broken(self, response: Any, label: str, caller: str) -> Iterator[str]:
        status, media = response.status_code, response.headers.get("content-type", [""])[0]
        if status >= 400:
            if media != _PROBLEM:
                yield f"a refusal {status} that is no problem document but {media}"
            elif json.loads(response.content)["status"] != status:
                yield "a problem document of another status"
        elif caller == ANONYMOUS and label not in self.open:
            yield "answered to nobody"
        elif caller == "instrument" and label not in self.open and "/instruments/me/" not in label:
            yield "answered to an instrument that has no business there"
        if caller in {"technician", "quality_manager", "instrument"}:
            # Drawn texts hold words of the product's own source, and a refusal repeats what was sent.
            sent = f"{response.request.url} {_text_of(response.request.body)}"
            for word in set(self.hidden.findall(response.content.decode(errors="replace"))):
                if word not in sent:
                    yield f"tells a laboratory {word!r}"

    def _find_names(self, caller: str) -> dict[str, list[dict[str, Any]]]:
        """By collection: the names of what this caller sees, from its list and from the examples."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        client = APIClient(headers=self.headers[caller])
        collections = {label.split(" ", 1)[1].split("{")[0] for label in self.operations if "{" in label}
        for path in sorted(collections) if caller != ANONYMOUS else ():
            if f"GET {path}" in self.operations:
                answer = client.get(path + "?page_size=3")
                rows = answer.json().get("results", []) if answer.status_code == 200 and "json" in answer["Content-Type"] else []
                for row in rows:
                    name = row.get("code") or row.get("number") or row.get("id")
                    found[path].append(dict.fromkeys(("code", "number", "key"), name) | {"id": row.get("id") or name})
        for label, example in self.examples.items():
            template = label.split(" ", 1)[1]
            if "{" in template:
                found[template.split("{")[0]].insert(0, _names_in(template, example["path"]))
        return found

    def _real_names(self, wanted: dict[str, Any], label: str, caller: str) -> dict[str, str] | None:
        """An object that exists, where the operation is about one; every fourth time None, which keeps the drawn name."""
        collection = label.split(" ", 1)[1].split("{")[0]
        number = sum(self.findings.answers.values())
        known = [names for names in self.names[caller][collection] if wanted.keys() <= names.keys()]
        if not wanted or not known or number % 4 == 0:
            return None
        return {key: str(known[number % len(known)][key]) for key in wanted}


@contextmanager
def _one_connection() -> Iterator[None]:
    """A request in this thread ends, and the connection with the open transaction stays."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


_UPLOAD = "POST /api/v1/instruments/me/uploads/"


def _hidden_from_laboratories() -> re.Pattern[str]:
    """Names of mines and the samples' codes of the field: a laboratory knows neither, only the belt."""
    words = [*Mine.objects.values_list("name", flat=True), *Sample.objects.values_list("code", flat=True)]
    return re.compile("|".join(f"{re.escape(word)}(?! belt)" for word in words))


def _names_in(template: str, path: str) -> dict[str, str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    match = re.fullmatch(pattern, path)
    return match.groupdict() if match else {}


def _text_of(body: bytes | str | None) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else body or ""


def _shown(response: Any, case: Any) -> str:
    sent = response.request
    body = sent.body[:500] if sent.body else ""
    return f"{sent.method} {sent.url[:300]} {body!r}"


def _places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a body: the whole, each member, each item."""
    yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body[:2]) if isinstance(body, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


def _replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = deepcopy(body)
    inside = copy
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return copy


def fuzz(fuzzer: Fuzzer, *, examples: int, share: float = 1) -> Findings:
    """Every operation: `examples` draws of each mode as every caller, and `share` (0 to 1) of the harmed examples."""
    chance = random.Random(20260302)
    for label in sorted(fuzzer.operations):
        for mode in GenerationMode:
            fuzzer.draw(label, mode, examples)
        fuzzer.harm(label, share, chance)
    return fuzzer.findings


def fuzz_briefly(fuzzer: Fuzzer) -> Findings:
    """Every operation once, as described and wrong in turn, as two callers; and a few of the harmed examples."""
    chance = random.Random(20260302)
    modes, known = itertools.cycle(GenerationMode), itertools.cycle(CALLERS[1:])
    for label in sorted(fuzzer.operations):
        # Wrong requests without a body are few, and long searched for.
        mode = next(modes) if "requestBody" in fuzzer.operations[label].definition.raw else GenerationMode.POSITIVE
        fuzzer.draw(label, mode, 1, (ANONYMOUS, next(known)))
        fuzzer.harm(label, 0.01, chance)
    return fuzzer.findings
