"""Map paths to views."""

from django.urls import path

from gateway_project.accounts import views

urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
]
