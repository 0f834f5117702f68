"""Make the tokens, and the groups that stand for the roles.

It stands for 0001, too: see ``sprints/migrations/0016_policy.py``.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ROLES = ["viewer", "operator", "admin"]


def make(apps, schema_editor):
    """Make the missing groups."""
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Token',
            fields=[
                ('key', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('name', models.CharField(help_text='what it is for, or on which machine it lies', max_length=100)),
                ('role', models.CharField(choices=[('viewer', 'viewer'), ('operator', 'operator'), ('admin', 'admin')], default='admin', help_text='the most that it may do; never more than its user may', max_length=8)),
                ('place', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
