"""Keep, beside the reason of a run, its cause as a code."""

from django.db import migrations, models

LOST = "the gateway ended before the gate did"  # the reasons that version 0 wrote
TOO_OFTEN = "it may be the gate that ends it"


def find(apps, schema_editor):
    """Fill the column from the reasons of version 0, for the causes that the engine reads."""
    runs = apps.get_model("gates", "GateRun").objects
    runs.filter(status="interrupted", reason=LOST).update(cause="lost")
    runs.filter(status="error", reason__endswith=TOO_OFTEN).update(cause="lost_too_often")


class Migration(migrations.Migration):

    dependencies = [
        ("gates", "0007_confined"),
    ]

    operations = [
        migrations.AddField(
            model_name="gaterun",
            name="cause",
            field=models.CharField(
                blank=True,
                default="",
                help_text="why it ended, if not by its own exit",
                max_length=20,
            ),
        ),
        migrations.RunPython(find, migrations.RunPython.noop),
    ]
