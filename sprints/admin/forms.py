"""Edit rows by forms that refuse everything that the commands refuse."""

import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from gates import command_line
from gates.problem import Problem, ProblemCode
from sprints.admin.base import Row, Rows
from sprints.state.refusals import RefusalCode, Refused

if TYPE_CHECKING:
    Form = forms.ModelForm
else:

    class Form(forms.ModelForm, Generic[Row]):
        """Django's class, which names its model in brackets only for the type checker."""


class Asked(Form[Row]):
    """A form whose fields are its own, and whose last check is the operation itself: it writes the
    row, inside the transaction of the admin's view. Each problem is shown at its field.
    """

    by: ClassVar[str]  # the user who sends it
    kept: Model  # the row, once it is written

    fixed: ClassVar[set[str]] = set()  # fields fixed once the row exists

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row = kwargs.get("instance")
        if row is not None and not row._state.adding:
            kwargs["initial"] = self.shown(row) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for name in self.fixed & self.fields.keys():
            self.fields[name].disabled = not self.instance._state.adding

    def shown(self, row: Row) -> dict[str, object]:
        """Return the row's values for the fields."""
        return {name: getattr(row, name) for name in self.base_fields if hasattr(row, name)}

    def keep(self, by: str) -> Model:
        """Carry out the operation. Raises ``Refused``."""
        raise NotImplementedError

    def clean(self) -> dict[str, object]:
        """Write the row once everything else is sound."""
        super().clean()
        if not self.errors:
            try:
                self.kept = self.keep(self.by)
            except Refused as exc:
                add_refusal(self, exc)
        return self.cleaned_data

    def refuse_another(self, pk: str) -> str:
        """Return the id. Raises ``Refused`` if a new row would replace an existing one."""
        model = self.instance._meta.model
        if self.instance._state.adding and model._default_manager.filter(pk=pk).exists():
            text = f"{self.instance._meta.verbose_name} {pk} already exists"
            taken = Problem(self.instance._meta.pk.name, ProblemCode.TAKEN, text)
            raise Refused(code=RefusalCode.ALREADY_EXISTS, problems=[taken])
        return pk

    def _post_clean(self) -> None:
        """Skip the model's own checks: the operation has checked more."""


Fields = tuple[str | list[str] | tuple[str, ...], ...]


class Edited(Rows[Row]):
    """A table that admins edit, by row or by action; others see the list's columns."""

    seen: ClassVar[list[str]] = []

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is an admin."""
        return self.has_edit_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Return whether the user is an admin."""
        return self.has_edit_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Return whether the user is an admin."""
        return self.has_edit_permission(request)

    def get_fields(self, request: HttpRequest, obj: Row | None = None) -> Fields:
        """Return the form's fields, or the visible ones."""
        if obj is None or self.has_change_permission(request, obj):
            return tuple(super().get_fields(request, obj))
        return tuple(self.seen or map(str, self.list_display))

    def forget(self, row: Row, by: str) -> None:
        """Delete the row by its operation. Raises ``Refused``."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Row, form: Asked[Row], change: bool) -> None:
        """Nothing: the form has written the row. Bring ``obj`` up to date."""
        obj.__dict__.update(form.kept.__dict__)

    def get_form(
        self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: object
    ) -> type[Asked[Row]]:
        """Return the form with the user who sends it."""
        form = super().get_form(request, obj, change=change, **kwargs)
        assert issubclass(form, Asked), "the table names its form"
        form.by = request.user.get_username()
        return form

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        """Delete by the operation, after a proof."""
        self.forget(obj, request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        """Delete each row by the operation, after a proof."""
        for row in queryset:
            try:
                self.forget(row, request.user.get_username())
            except Refused as exc:
                self.message_user(request, str(exc), messages.ERROR)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Ask, then delete; report a refusal if the row has changed meanwhile."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as exc:
            return self._refused(request, exc)

    def _refused(self, request: HttpRequest, exc: Refused) -> HttpResponse:
        self.message_user(request, str(exc), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def add_refusal(form: forms.BaseForm, refusal: Refused) -> None:
    """Show each problem of the refusal at its field, and the rest above the form."""
    for problem in refusal.problems:
        name = problem.field.partition(".")[0]
        form.add_error(name if name in form.fields else None, problem.text)
    if not refusal.problems:
        form.add_error(None, str(refusal))


def split(text: str) -> tuple[str, ...]:
    """Return a command split as by a shell; no shell runs it. Raises ``ValidationError``."""
    try:
        return command_line.split(text)
    except command_line.NeedsShell as exc:
        raise forms.ValidationError(str(exc)) from exc
    except ValueError as exc:
        raise forms.ValidationError(f"the command cannot be split: {exc}") from exc


def pairs(text: str) -> dict[str, str]:
    """Return an environment, ``NAME=VALUE`` a line, as a dict. Raises ``ValidationError``."""
    given = [line for line in text.splitlines() if line.strip()]
    for wrong in (line for line in given if "=" not in line):
        raise forms.ValidationError(f"{wrong!r}: write NAME=VALUE")
    return dict(line.split("=", 1) for line in given)


def typed(env: Mapping[str, str]) -> str:
    """Return an environment as it is typed."""
    return "\n".join(f"{name}={value}" for name, value in env.items())


def joined(argv: Iterable[str]) -> str:
    """Return a command as it is typed."""
    return shlex.join(argv)


def choices(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return each word as a choice with itself as label."""
    return [(word, word) for word in words]
