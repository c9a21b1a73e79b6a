"""Pages of accounts."""

from __future__ import annotations

from django.urls import path

from lims.accounts.views import organisations, own, people

app_name = "accounts"
urlpatterns = [
    path("me/", own.Profile.as_view(), name="profile"),
    path("me/tokens/", own.CreateToken.as_view(), name="create_token"),
    path("tokens/<uuid:pk>/revoke/", own.RevokeToken.as_view(), name="revoke_token"),
    path("people/", people.PeopleList.as_view(), name="people"),
    path("people/add/", people.AddPerson.as_view(), name="add_person"),
    path("people/<uuid:pk>/", people.PersonPage.as_view(), name="person"),
    path("people/<uuid:pk>/change/", people.ChangePerson.as_view(), name="change_person"),
    path("people/<uuid:pk>/close/", people.ClosePerson.as_view(), name="close_person"),
    path("people/<uuid:pk>/reopen/", people.ReopenPerson.as_view(), name="reopen_person"),
    path("people/<uuid:pk>/temporary-password/", people.SetTemporaryPassword.as_view(), name="temporary_password"),
    path("organisations/", organisations.OrganisationList.as_view(), name="organisations"),
    path("organisations/add/", organisations.AddOrganisation.as_view(), name="add_organisation"),
    path("organisations/<uuid:pk>/", organisations.OrganisationPage.as_view(), name="organisation"),
    path("organisations/<uuid:pk>/change/", organisations.ChangeOrganisation.as_view(), name="change_organisation"),
]
