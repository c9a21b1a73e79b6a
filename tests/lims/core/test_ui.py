"""Components say what they must: words beside colours, reasons beside blocked buttons, addresses that keep the rest of the query."""

from __future__ import annotations

import html
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.test import Client, RequestFactory

from lims.core.errors import Blocker
from lims.core.styleguide import ExampleFilter, ExampleForm
from lims.core.templatetags.ui import state_badge
from tests.factories.people import Cast


def show(markup: str, address: str = "/", **values: Any) -> str:
    """Render a line of a template with the components loaded."""
    request = RequestFactory().get(address)
    return html.unescape(Template("{% load ui %}" + markup).render(Context({"request": request, **values})))


@pytest.mark.parametrize("tone", ["pass", "warn", "fail", "wait", "none"])
def test_state_has_colour_shape_and_word(tone: str) -> None:
    badge = state_badge((tone, "seal differs"))
    assert f"tone-{tone}" in badge
    assert f"#shape-{tone}" in badge
    assert "seal differs" in badge


def test_state_of_an_unknown_tone_is_a_mistake_that_shows() -> None:
    with pytest.raises(ValueError, match="purple"):
        state_badge(("purple", "strange"))


def test_words_of_people_are_escaped_in_every_component() -> None:
    evil = "<img src=x>"
    for markup in (
        '{% state_badge "pass" evil %}',
        "{% code evil %}",
        "{% card evil definition=evil %}{% endcard %}",
        "{% page_header evil subtitle=evil %}{% endpage_header %}",
        "{% kpi evil evil detail=evil %}",
        "{% disclosure evil %}{% enddisclosure %}",
        "{% data_table caption=evil %}{% enddata_table %}",
        '{% action_button evil "/x/" %}',
        "{% empty_state evil evil %}",
        '{% notice "warn" title=evil %}{{ evil }}{% endnotice %}',
    ):
        rendered = Template("{% load ui %}" + markup).render(Context({"evil": evil, "request": RequestFactory().get("/")}))
        assert evil not in rendered, markup
        assert "&lt;img" in rendered, markup


def test_code_is_not_translated_and_can_be_copied() -> None:
    shown = show('{% code "KCN-0187-4" href="/samples/KCN-0187-4/" %}')
    assert '<a href="/samples/KCN-0187-4/"><code translate="no">KCN-0187-4</code></a>' in shown
    assert 'data-copy="KCN-0187-4"' in shown
    assert "data-copy" not in show('{% code "KCN-0187-4" copy=False %}')


def test_blocked_button_stands_there_with_its_reason_and_cannot_post() -> None:
    blockers = [Blocker("qc_failed", "1 control failed."), Blocker("no_blank", "No blank was measured.")]
    shown = show('{% action_button "Send to review" "/review/" blockers=blockers %}', blockers=blockers)
    assert 'aria-disabled="true"' in shown
    assert "1 control failed." in shown
    assert "No blank was measured." in shown
    assert "<form" not in shown
    assert "/review/" not in shown


def test_open_button_posts_with_the_token() -> None:
    shown = show('{% action_button "Dispatch" "/dispatch/" kind="primary" %}', csrf_token="secret-token")
    assert '<form class="inline" method="post" action="/dispatch/">' in shown
    assert "secret-token" in shown


@pytest.mark.parametrize(
    "markup",
    [
        '{% confirmation "Withdraw" "/w/" %}It ends.{% endconfirmation %}',
        '{% signature_box "/s/" "I authorise" %}14 results.{% endsignature_box %}',
    ],
)
def test_block_that_posts_carries_the_token(markup: str) -> None:
    assert "secret-token" in show(markup, csrf_token="secret-token")


def test_signature_states_what_is_signed_and_asks_for_the_password_again() -> None:
    shown = show('{% signature_box "/s/" "I authorise" digest="9f31" error="Wrong password." %}14 results of RUN-1.{% endsignature_box %}')
    assert "14 results of RUN-1." in shown
    assert "I authorise" in shown
    assert "9f31" in shown
    assert 'name="password" type="password"' in shown
    assert "Wrong password." in shown
    assert 'name="otp"' not in shown


@pytest.mark.parametrize(
    ("address", "direction", "leads_to"),
    [
        ("/?q=clay&cursor=abc", "", "?q=clay&ordering=code"),
        ("/?ordering=code&q=clay", "ascending", "?ordering=-code&q=clay"),
        ("/?ordering=-code&page=3", "descending", "?ordering=code"),
    ],
)
def test_sort_header_turns_the_order_keeps_the_filter_and_starts_at_the_first_page(address: str, direction: str, leads_to: str) -> None:
    shown = show('{% sort_header "code" "Code" %}', address)
    assert f'href="{leads_to}"' in shown
    assert (f'aria-sort="{direction}"' in shown) is bool(direction)


def test_pagination_keeps_filter_and_order_and_says_the_total() -> None:
    page = SimpleNamespace(previous_cursor="before", next_cursor="after", page_size=50, total=312)
    shown = show("{% pagination page %}", "/?state=overdue&ordering=code&cursor=here", page=page)
    assert "?state=overdue&ordering=code&cursor=after" in shown
    assert "?state=overdue&ordering=code&cursor=before" in shown
    assert "?state=overdue&ordering=code&page_size=100" in shown
    assert "312 rows" in shown


def test_pagination_offers_no_page_that_does_not_exist_and_no_total_that_was_not_counted() -> None:
    shown = show("{% pagination page %}", page={"previous_cursor": None, "next_cursor": None, "page_size": 50, "total": None})
    assert "rel=" not in shown
    assert "rows" not in shown.replace("Rows per page", "")


def filters(address: str) -> str:
    form = ExampleFilter(RequestFactory().get(address).GET)
    return show('{% filter_bar form %}<a href="/x.csv">CSV</a>{% endfilter_bar %}', address, form=form)


def test_filter_chip_names_field_and_choice_and_removes_itself_alone() -> None:
    shown = filters("/?q=CN&state=on_route&state=overdue&received_after=2026-11-01&ordering=code&cursor=abc")
    assert "State <b>on route, overdue</b>" in shown
    assert 'href="?q=CN&received_after=2026-11-01&ordering=code"' in shown
    assert 'value="CN"' in shown
    assert '<input type="hidden" name="ordering" value="code">' in shown
    assert 'name="cursor"' not in shown
    assert '<a href="/x.csv">CSV</a>' in shown


def test_filter_bar_without_filters_shows_no_chip() -> None:
    assert 'title="Remove this filter"' not in filters("/?q=CN&state=")


def test_tray_says_in_words_what_its_colours_say() -> None:
    positions = [
        {"number": 1, "kind": "blank", "label": "BLK", "verdict": "pass"},
        {"number": 2, "kind": "sample", "label": "KCN-0001", "verdict": "fail", "href": "/p/2/"},
        {"number": 3, "kind": "empty", "label": ""},
    ]
    shown = show("{% tray_map positions columns=2 %}", positions=positions)
    assert shown.count("<ol>") == 2
    assert 'aria-label="1: blank, BLK, passed"' in shown
    assert 'aria-label="2: sample, KCN-0001, failed or condemned"' in shown
    assert 'title="3: empty"' in shown
    assert "condemned by a failed control" in shown


@pytest.mark.parametrize(
    ("state", "polls", "offers_result"),
    [("queued", True, False), ("running", True, False), ("done", False, True), ("failed", False, False)],
)
def test_job_is_asked_again_until_its_end(state: str, polls: bool, offers_result: bool) -> None:
    shown = show('{% job_progress state 0.42 "Drawing" poll_url="/jobs/1/" result_url="/certificates/1/" %}', state=state)
    assert ('hx-get="/jobs/1/"' in shown) is polls
    assert ("/certificates/1/" in shown) is offers_result
    assert "Drawing" in shown


def test_field_keeps_what_was_typed_with_its_unit_beside_it_and_its_error_below() -> None:
    form = ExampleForm({"sample": "", "mass": "12,4 kg", "condition": "intact", "matrix": "clay"})
    shown = show("{{ form.mass.as_field_group }}", form=form)
    assert 'value="12,4 kg"' in shown
    assert 'type="text" inputmode="decimal"' in shown
    assert '<span class="unit" translate="no">g</span>' in shown
    assert 'aria-describedby="id_mass_error"' in shown
    assert 'id="id_mass_error"' in shown


def test_form_sums_up_its_errors_with_links_to_the_fields() -> None:
    form = ExampleForm({"sample": "", "mass": "1", "condition": "intact", "matrix": "clay"})
    form.add_error(None, "The consignment is closed.")
    shown = show("{{ form }}", form=form)
    assert "data-error-summary" in shown
    assert "The consignment is closed." in shown
    assert '<a href="#id_sample">Sample code</a>: This field is required.' in shown


def test_form_without_errors_shows_no_summary_and_marks_what_is_optional() -> None:
    shown = show("{{ form }}", form=ExampleForm())
    assert "data-error-summary" not in shown
    assert shown.count('<span class="optional">') == 2  # remark and photo; a checkbox is never "optional"


def test_hidden_fields_are_rendered_once() -> None:
    class WithHidden(forms.Form):
        name = forms.CharField()
        version = forms.CharField(widget=forms.HiddenInput)

    shown = show("{{ form }}", form=WithHidden(initial={"version": "7"}))
    assert shown.count('name="version"') == 1


@pytest.mark.django_db
def test_style_guide_shows_every_component(client: Client, cast: Cast) -> None:
    client.force_login(cast.technician)
    shown = client.get("/styleguide/").content.decode()
    for sign in (
        "page-header",
        "kpis",
        "table-wrap",
        "filters",
        "pagination",
        "tray",
        "timeline",
        "tabs",
        "signature",
        "confirmation",
        "job ",
        "empty",
        "facts",
        "disclosure",
        "notice",
    ):
        assert f'class="{sign}' in shown, sign
    assert "blocked" in shown


def test_the_last_row_of_a_tray_is_as_wide_as_the_others() -> None:
    positions = [{"number": number, "kind": "sample", "label": ""} for number in range(1, 6)]
    assert show("{% tray_map positions columns=3 %}", positions=positions).count('<li aria-hidden="true"></li>') == 1
    assert show("{% tray_map positions columns=5 %}", positions=positions).count('<li aria-hidden="true"></li>') == 0
    assert show("{% tray_map positions columns=12 %}", positions=positions).count('<li aria-hidden="true"></li>') == 0
