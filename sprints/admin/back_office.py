"""The back office: Django's admin under our roles, with nothing registered but what we name."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from sprints.admin import switches
from sprints.roles import Role

# Django's own ways to sign out and to change a password: ours are elsewhere.
GONE = {"logout", "password_change", "password_change_done", "autocomplete", "view_on_site"}


class BackOffice(AdminSite):
    """Who may enter is the door's to say. Packages that register their tables with Django's own
    site (the queue's forms could run any function) have none of them here.
    """

    site_title = site_header = "Studio Gateway"
    index_title = "Admin"
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever has a role sees it."""
        return getattr(request, "role", 0) >= Role.VIEWER

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one page to sign in, and it is not this one."""
        index = reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(index)
        return redirect_to_login(index, reverse("login"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's, with the switches, and without what is elsewhere."""
        theirs = [one for one in super().get_urls() if getattr(one, "name", None) not in GONE]
        page = self.admin_view(switches.page)
        return [path("switches/", page, name="switches", kwargs={"site": self}), *theirs]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's, with the switches, which are no rows."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "sprints":
                app["models"].append(switches.entry(request))
        return apps


site = BackOffice(name="admin")
