"""Signing in and out, one's own password, language and zone."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from lims.accounts import views

urlpatterns = [
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/changed/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("language/", views.SetLanguage.as_view(), name="set_language"),
    path("zone/", views.SetZone.as_view(), name="set_zone"),
]
