"""Keep what each run reached through its network."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("gates", "0009_network"),
    ]

    operations = [
        migrations.AddField(
            model_name="gaterun",
            name="network",
            field=models.JSONField(
                blank=True, default=dict, help_text="what it reached, or tried to reach, by host"
            ),
        ),
    ]
