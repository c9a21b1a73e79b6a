"""Who opens which page of the bench: by role as the matrix says, by scope not found."""

from __future__ import annotations

import pytest
from django.urls import reverse

from assays.models import Submission
from assays.services.in_house import create_in_house_material
from lims.core.roles import MATRIX, Action, Role
from tests.factories.bench import make_planned_run

PAGES = {
    "methods": Action.REFERENCE_VIEW,
    "materials": Action.REFERENCE_VIEW,
    "material-new": Action.REFERENCE_EDIT,
    "submissions": Action.SUBMISSION_VIEW,
    "submission-new": Action.SUBMISSION_EDIT,
    "preparation": Action.PREPARATION_EDIT,
    "weighing": Action.PREPARATION_EDIT,
    "run-plan": Action.RUN_EDIT,
}


def test_every_role_opens_what_the_matrix_says(at):
    for role in list(Role):
        client = at(role.value)
        for name, action in PAGES.items():
            expected = 200 if role in MATRIX[action] else 403
            assert client.get(reverse(f"assays:{name}")).status_code == expected, (role, name)


def test_nobody_is_sent_to_sign_in(client, db):
    for name in PAGES:
        answer = client.get(reverse(f"assays:{name}"))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("login"))


@pytest.fixture
def things(cast):
    """A page of each kind of thing of the laboratory, and the steps that change it."""
    run = make_planned_run(cast, 1)
    submission = Submission.objects.get()
    create_in_house_material(code="IH-1", matrix="clay", by=cast.quality_manager)
    pages = [
        reverse("assays:submission", args=[submission.code]),
        reverse("assays:rack", args=[run.code]),
        reverse("assays:material", args=["IH-1"]),
    ]
    steps = {
        reverse("assays:submission-hold", args=[submission.code]): "receptionist",
        reverse("assays:submission-cancel", args=[submission.code]): "receptionist",
        reverse("assays:submission-resume", args=[submission.code]): "receptionist",
        reverse("assays:submission-complete", args=[submission.code]): "signatory",
        reverse("assays:run-cancel", args=[run.code]): "analyst",
        reverse("assays:material-run", args=["IH-1"]): "quality_manager",
        reverse("assays:material-establish", args=["IH-1"]): "quality_manager",
    }
    return pages, steps


def test_colleagues_see_and_other_laboratories_find_nothing(cast, at, things):
    pages, steps = things
    for page in pages:
        assert at("reviewer").get(page).status_code == 200, page
        assert at(cast.outsiders["reviewer"]).get(page).status_code == 404, page
    for step, role in steps.items():
        assert at(cast.outsiders[role]).post(step, {"reason": "x"}).status_code == 404, step
        assert at("reviewer").post(step, {"reason": "x"}).status_code == 403 or step.endswith("complete/"), step


def test_a_reviewer_completes_no_submission(cast, at, things):
    assert at("reviewer").post(reverse("assays:submission-complete", args=[Submission.objects.get().code])).status_code == 403


def test_unknown_things_are_not_found(at):
    client = at("analyst")
    for address in ("/methods/FUS-MS/9/", "/methods/NO/1/", "/materials/NO/", "/submissions/SUB-26-99999-0/", "/runs/RUN-26-99999-0/rack/"):
        assert client.get(address).status_code == 404, address


def test_a_laboratory_page_never_shows_the_samples_own_code(cast, at):
    make_planned_run(cast, 1)
    submission = Submission.objects.get()
    sample = submission.tests.get().sample
    page = reverse("assays:submission", args=[submission.code])
    assert sample.code not in at("analyst").get(page).content.decode()
    assert sample.blind_code in at("analyst").get(page).content.decode()
    assert sample.code in at("collector").get(page).content.decode()


def test_pages_obey_the_strict_policy(at, things):
    """No inline script, style or handler anywhere."""
    pages, _steps = things
    addresses = [*pages, *(reverse(f"assays:{name}") for name in ("methods", "preparation", "weighing", "run-plan"))]
    for address in addresses:
        html = at("analyst").get(address).content.decode()
        for forbidden in (" style=", "<style", " onclick=", "<script>"):
            assert forbidden not in html, (address, forbidden)
