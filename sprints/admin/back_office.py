"""Configure Django's admin as the back office: with our roles, and only the named tables."""

from typing import TypedDict

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from sprints.admin import settings_page
from sprints.roles import Role

# Django's pages to sign out and to change a password: ours are elsewhere.
GONE = {"logout", "password_change", "password_change_done", "autocomplete", "view_on_site"}


class App(TypedDict):
    """The tables of one package, in Django's list."""

    app_label: str
    models: list[dict[str, object]]


class BackOffice(AdminSite):
    """The admin site.

    The middleware decides who may enter. Tables that other packages register with Django's own site
    are left out: the queue's forms could run any function.
    """

    site_title = site_header = "Studio Gateway"
    index_title = "Admin"
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has any role."""
        return getattr(request, "role", 0) >= Role.VIEWER

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Redirect to the one page for signing in."""
        index = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        return redirect_to_login(index, reverse("login"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return Django's URLs with the settings page, without those that are elsewhere."""
        theirs = [one for one in super().get_urls() if getattr(one, "name", None) not in GONE]
        page = self.admin_view(settings_page.page)
        return [path("settings/", page, name="settings", kwargs={"site": self}), *theirs]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[App]:
        """Return Django's list with the settings, which are no rows."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "sprints":
                app["models"].append(settings_page.entry(request))
        return apps


site = BackOffice(name="admin")
