"""Limit new agents to what their program needs; those with a command reach what they have."""

from django.db import migrations, models

from gates import network


def limit(apps, schema_editor):
    """Give agents without a command, which no one has set up yet, the new default."""
    agents = apps.get_model("sprints", "Agent").objects.filter(command=[], network=network.ALL)
    agents.update(network=network.of_program())


class Migration(migrations.Migration):

    dependencies = [
        ("sprints", "0021_network"),
    ]

    operations = [
        migrations.RunPython(limit, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="agent",
            name="network",
            field=models.JSONField(
                default=network.of_program,
                help_text="what it may reach in a clone: all, none, or a list of hosts",
            ),
        ),
    ]
