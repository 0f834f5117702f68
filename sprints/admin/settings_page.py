"""Edit the settings of config.json on a page of the back office."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from sprints import operations
from sprints.admin.forms import choices
from sprints.contract.agent_spec import PRIVATE, USER
from sprints.contract.contract import PROFILES
from sprints.contract.sandbox import MODES
from sprints.roles import Role
from sprints.state.refusals import Refused
from sprints.store.config import ASKED, bad_value
from sprints.store.config_values import meaning
from sprints.views.request import Request, role_of


class SettingsForm(forms.Form):
    """The form: one field a setting."""

    automation_paused = forms.BooleanField(required=False)
    max_concurrent_global = forms.IntegerField()
    gate_profile = forms.ChoiceField(choices=choices(PROFILES))
    agent_launches = forms.IntegerField()
    agent_minutes = forms.FloatField()
    agent_tokens = forms.IntegerField()
    agent_usd = forms.FloatField()
    confinement = forms.ChoiceField(choices=choices(MODES))
    confine_paths = forms.JSONField(
        required=False, help_text='Write a JSON list, such as ["/srv/cache"].'
    )
    gate_home = forms.ChoiceField(choices=choices([USER, PRIVATE]))
    clones_folder = forms.CharField(required=False, help_text="For example: /srv/clones.")
    agent_logs = forms.BooleanField(required=False)
    approvals = forms.ChoiceField(choices=choices(ASKED))
    protected_paths = forms.JSONField(
        required=False, help_text='Write a JSON list, such as ["**/tests/**"].'
    )
    enable_auto_merge = forms.BooleanField(required=False)
    ship_remote = forms.CharField(required=False, help_text="For example: origin.")
    bind_host = forms.CharField()
    port = forms.IntegerField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Explain each setting below its field."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = f"{meaning(name)} {field.help_text}".strip()

    def clean_confine_paths(self) -> list[str]:
        """Return the paths; an empty field is an empty list."""
        value = self.cleaned_data["confine_paths"]
        return [] if value is None else value

    def clean_protected_paths(self) -> list[str]:
        """Return the patterns; an empty field is an empty list."""
        value = self.cleaned_data["protected_paths"]
        return [] if value is None else value

    def clean(self) -> dict[str, object]:
        """Check all values before any setting changes."""
        for key, value in list(self.cleaned_data.items()):
            if problem := bad_value(key, value):
                self.add_error(key, problem.text)
        return self.cleaned_data


def page(request: Request, site: AdminSite) -> HttpResponse:
    """Show the settings, or change them."""
    may = request.role >= Role.ADMIN
    now = operations.configuration()
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=now)
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        if form.is_valid() and _turn(request, form):
            return HttpResponseRedirect(reverse("admin:settings"))
    for field in form.fields.values():
        field.disabled = not may
    what = site.each_context(request) | {"title": "Settings", "form": form, "may": may}
    return render(request, "admin/settings.html", what, status=400 if form.errors else 200)


def _turn(request: Request, form: SettingsForm) -> bool:
    by = request.user.get_username()
    for key in form.changed_data:
        value = form.cleaned_data[key]
        try:
            operations.configure(key, json.dumps(value), by)
        except (Refused, operations.StoreError) as exc:
            form.add_error(key, str(exc))
            return False
        LogEntry.objects.create(
            user_id=request.user.pk,
            object_repr=key,
            action_flag=CHANGE,
            change_message=f"set to {json.dumps(value)}",
        )
        messages.success(request, f"{key} is {json.dumps(value)}")
    return True


def entry(request: HttpRequest) -> dict[str, object]:
    """Return the entry in the list of tables."""
    return {
        "name": "Settings",
        "object_name": "Settings",
        "admin_url": reverse("admin:settings"),
        "add_url": None,
        "view_only": role_of(request) < Role.ADMIN,
        "perms": {},
    }
