"""Add the incarnation that the events of an adopted record carry; the first one has no id."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("sprints", "0018_stop_reason"),
    ]

    operations = [
        migrations.AddField(
            model_name="head",
            name="incarnation",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
    ]
