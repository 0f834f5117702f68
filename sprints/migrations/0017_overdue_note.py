"""Keep, beside the notes of a round, which of them is the warning that it is over its minutes."""

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
        migrations.RunPython(find, migrations.RunPython.noop),
    ]
