"""The groups that stand for the roles."""

from django.db import migrations

ROLES = ["viewer", "operator", "admin"]


def make(apps, schema_editor):
    """A group each; those that exist stay as they are."""
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    """Roles are groups."""

    dependencies = [("accounts", "0001_tokens"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
