"""Let a gate say what it may reach. The gates that exist go on reaching everything."""

from django.db import migrations, models

from gates import network


class Migration(migrations.Migration):

    dependencies = [
        ("gates", "0008_cause"),
    ]

    operations = [
        migrations.AddField(
            model_name="gate",
            name="network",
            field=models.JSONField(
                default=network.unlimited,
                help_text="what it may reach in a clone: all, none, or a list of hosts",
            ),
        ),
    ]
