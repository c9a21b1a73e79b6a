"""Signing in and out, one's own settings; the pages of accounts."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import include, path

from lims.accounts.views import own

urlpatterns = [
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path("password/", own.ChangePassword.as_view(), name="password_change"),
    path("password/changed/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("language/", own.SetLanguage.as_view(), name="set_language"),
    path("zone/", own.SetZone.as_view(), name="set_zone"),
    path("", include("lims.accounts.page_urls")),
]
