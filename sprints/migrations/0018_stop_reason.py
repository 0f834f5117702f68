"""Add what store v0 does not have: codes beside the texts that the engine had looked into.

It stands for 0017, too. ``overdue_note`` is the note that a round is over its minutes.
"""

from django.db import migrations, models

WORDS = "over its minutes"  # how version 0 began that note


def find(apps, schema_editor):
    """Fill the column from the notes that version 0 wrote, where the gateway recorded them."""
    Round = apps.get_model("sprints", "Round")
    Event = apps.get_model("sprints", "Event")
    for row in Round.objects.filter(notes__icontains=WORDS):
        note = next((one for one in row.notes if str(one).startswith(WORDS)), "")
        told = Event.objects.filter(sprint_id=row.sprint_id, kind="note")
        message = f'"message": "round {row.code} is {note}"'
        if note and told.filter(line__contains=message).exists():
            Round.objects.filter(pk=row.pk).update(overdue_note=note)


class Migration(migrations.Migration):

    dependencies = [
        ("sprints", "0016_policy"),
    ]

    operations = [
        migrations.AddField(
            model_name="round",
            name="overdue_note",
            field=models.CharField(
                blank=True,
                default="",
                help_text="the note that the round is over its minutes",
                max_length=100,
            ),
        ),
        migrations.AddField(
            model_name="sprint",
            name="stop_reason",
            field=models.JSONField(
                blank=True, help_text="meta.stop_reason in state.json", null=True
            ),
        ),
        migrations.RunPython(find, migrations.RunPython.noop),
    ]
