"""Show the form that creates a sprint."""

from typing import cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from sprints import operations
from sprints.contract.contract import PROFILES
from sprints.ids import BadId, check_id
from sprints.roles import Role
from sprints.store.config_values import current_config
from sprints.views.middleware import needs
from sprints.views.request import Request
from sprints.views.responses import only

LONGEST_BRIEF = 200_000


class NewSprint(forms.Form):
    """The values of a new sprint; each refusal appears at its field."""

    sprint_id = forms.CharField(max_length=64)
    title = forms.CharField(max_length=200, required=False)
    brief = forms.CharField(max_length=LONGEST_BRIEF, required=False, strip=False)
    profile = forms.ChoiceField(choices=[(name, name) for name in ("", *PROFILES)], required=False)

    def clean_sprint_id(self) -> str:
        """Return the id, which is also a folder, a branch and a part of addresses."""
        try:
            return check_id(self.cleaned_data["sprint_id"])
        except BadId as exc:
            raise ValidationError(str(exc)) from exc

    def clean_title(self) -> str:
        """Return the title, which must be one line."""
        title: str = self.cleaned_data["title"]
        if not title.isprintable():
            raise ValidationError("a title is one line of at most 200 characters")
        return title

    def clean_brief(self) -> str:
        """Return the brief with plain newlines; browsers send CRLF."""
        return str(self.cleaned_data["brief"]).replace("\r\n", "\n")


@only("GET", "POST")
@needs(Role.OPERATOR)
def new_sprint(request: HttpRequest) -> HttpResponse:
    """Show the empty form, the created sprint's page, or the form with its errors."""
    if request.method != "POST":
        return _form(request, NewSprint(), 200)
    form = NewSprint(request.POST)
    if not form.is_valid():
        return _form(request, form, 422)
    by = cast(Request, request).user.get_username()
    try:
        sprint = operations.create(**form.cleaned_data, by=by)
    except operations.Refused as exc:  # the fields are valid: the id is taken
        form.add_error("sprint_id", str(exc))
        return _form(request, form, 409)
    return HttpResponseRedirect(f"/sprints/{sprint.pk}/")


def _form(request: HttpRequest, form: NewSprint, status: int) -> HttpResponse:
    what = {"form": form, "default": current_config().gate_profile, "profiles": PROFILES}
    return render(request, "sprints/new_sprint.html", what, status=status)
