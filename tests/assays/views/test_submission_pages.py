"""Submissions on the screen: asking, looking, stopping the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from assays.models import Submission
from lims.core import clock
from tests.factories.bench import make_planned_run, make_received_samples, make_submission


def asked(cast, samples, **more):
    """What a receptionist types."""
    fields = {
        "samples": "\n".join(sample.code for sample in samples),
        "methods": ["FUS-MS v1", "LCH-MS v1"],
        "laboratory": cast.organisations["lab"].pk,
        "customer": cast.organisations["irel"].pk,
        "basis": "dry",
        "turnaround": "rush",
        "customer_reference": "PO 7",
    }
    return fields | more


def test_a_receptionist_asks_for_tests(cast, at):
    samples = make_received_samples(cast, 2)
    answer = at("receptionist").post(reverse("assays:submission-new"), asked(cast, samples), follow=True)
    submission = Submission.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("assays:submission", args=[submission.code])
    assert (submission.tests.count(), submission.customer_reference) == (4, "PO 7")
    assert "is recorded; it is due on" in answer.content.decode()


def test_samples_without_a_request_are_offered_by_owner(cast, at):
    samples = make_received_samples(cast, 3)
    make_submission(cast, samples[:1])
    client = at("receptionist")
    page = client.get(reverse("assays:submission-new"))
    [group] = page.context["waiting"]
    assert group.codes == [sample.blind_code for sample in samples[1:]]
    filled = client.get(reverse("assays:submission-new"), {"owner": "IREL"}).context["form"]
    assert filled.initial["samples"].split() == group.codes
    assert filled.initial["customer"] == cast.organisations["irel"].pk


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"samples": "S-26-00001-X"}, "does not fit the rest"),
        ({"samples": "nothing"}, "There is no sample"),
        ({"samples": ""}, "This field is required"),
        ({"customer": "midwest"}, "does not belong to Midwest"),
        ({"methods": []}, "This field is required"),
    ],
)
def test_a_wrong_request_keeps_what_was_typed(cast, at, change, words):
    samples = make_received_samples(cast)
    if "customer" in change:
        change = {"customer": cast.organisations[change["customer"]].pk}
    answer = at("receptionist").post(reverse("assays:submission-new"), asked(cast, samples) | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "PO 7" in answer.content.decode()
    assert not Submission.objects.exists()


def test_a_firm_asks_in_its_own_name_only(cast, at):
    samples = make_received_samples(cast)
    client = at("collector")
    form = client.get(reverse("assays:submission-new")).context["form"]
    assert list(form.fields["customer"].queryset) == [cast.organisations["irel"]]
    assert client.post(reverse("assays:submission-new"), asked(cast, samples)).status_code == 302


def test_the_clock_is_stopped_and_resumed_on_the_page(cast, at):
    submission = make_submission(cast, make_received_samples(cast))
    client, page = at("receptionist"), reverse("assays:submission", args=[submission.code])
    assert "Stop the clock" in client.get(page).content.decode()
    refused = client.post(reverse("assays:submission-hold", args=[submission.code]), {"reason": ""}, follow=True)
    assert "Say why the clock stops" in refused.content.decode()
    held = client.post(reverse("assays:submission-hold", args=[submission.code]), {"reason": "waits for the customer"}, follow=True)
    assert "waits for the customer" in held.content.decode()
    assert "Resume the clock" in held.content.decode()
    client.post(reverse("assays:submission-resume", args=[submission.code]))
    submission.refresh_from_db()
    assert submission.state == "open"


def test_the_page_says_what_keeps_it_from_being_complete(cast, at):
    submission = make_submission(cast, make_received_samples(cast))
    page = at("receptionist").get(reverse("assays:submission", args=[submission.code])).content.decode()
    assert "1 of 1 tests of" in page
    assert "Stop the clock" not in at("analyst").get(reverse("assays:submission", args=[submission.code])).content.decode()


def test_an_overdue_submission_says_so_in_days(cast, at):
    late = make_submission(cast, make_received_samples(cast), turnaround="rush", at=clock.now() - timedelta(days=14))
    client = at("analyst")
    assert "overdue" in client.get(reverse("assays:submission", args=[late.code])).content.decode()
    assert client.get("/submissions/?overdue=true").context["page"].total == 1
    assert client.get("/submissions/?overdue=false").context["page"].total == 0


def test_the_list_searches_filters_and_exports(cast, at):
    make_planned_run(cast, 2)
    submission = Submission.objects.get()
    sample = submission.tests.first().sample
    client = at("analyst")
    for query in (f"q={submission.code}", f"q={sample.blind_code}", "state=open", "method=FUS-MS"):
        assert client.get(f"/submissions/?{query}").context["page"].total == 1, query
    assert client.get(f"/submissions/?q={sample.code}").context["page"].total == 0
    assert "No submission fits" in client.get("/submissions/?state=complete").content.decode()
    assert submission.code in client.get("/submissions/?format=csv").getvalue().decode()


def test_a_list_takes_the_same_queries_for_few_and_many(cast, at, queries):
    client = at("analyst")
    samples = make_received_samples(cast, 6)
    make_submission(cast, samples[:1])
    client.get("/submissions/")
    few = queries(lambda: client.get("/submissions/"))
    for sample in samples[1:]:
        make_submission(cast, [sample], ["FUS-MS", "FAD-MS"])
    assert queries(lambda: client.get("/submissions/")) == few <= 11


def test_a_page_takes_the_same_queries_for_few_and_many_tests(cast, at, queries):
    client = at("analyst")
    samples = make_received_samples(cast, 8)
    small, large = make_submission(cast, samples[:1]), make_submission(cast, samples[1:], ["FUS-MS", "LCH-MS"])
    few, many = (queries(lambda one=one: client.get(reverse("assays:submission", args=[one.code]))) for one in (small, large))
    assert many <= few <= 15
