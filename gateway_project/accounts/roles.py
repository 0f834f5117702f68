"""Read and set roles, which are Django's groups."""

from django.contrib.auth.models import AbstractUser, Group

from sprints.roles import ROLES, Role


def role_of(user: AbstractUser) -> Role | None:
    """Return the highest of a user's roles; None for a user who has none or is disabled."""
    if not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    names = user.groups.filter(name__in=ROLES).values_list("name", flat=True)
    return max((Role.named(name) for name in names), default=None)


def give(user: AbstractUser, role: Role) -> None:
    """Give the user that role and no other. Any role opens the back office."""
    group, _ = Group.objects.get_or_create(name=role.word)
    user.groups.remove(*user.groups.filter(name__in=ROLES).exclude(pk=group.pk))
    user.groups.add(group)
