"""Let an agent say what it may reach. All go on reaching everything."""

from django.db import migrations, models

from gates import network


class Migration(migrations.Migration):

    dependencies = [
        ("sprints", "0020_home"),
    ]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="network",
            field=models.JSONField(
                default=network.unlimited,
                help_text="what it may reach in a clone: all, none, or a list of hosts",
            ),
        ),
    ]
