from django.db import migrations, models

from sprints.prompts.roster import ROSTER

CARD = ("responsibilities", "authority", "deliverables")


def fill(apps, schema_editor):
    """Agents that are there already get the cards of the roster, as new ones do."""
    agents = apps.get_model("sprints", "Agent")
    for one in ROSTER:
        card = {name: [*getattr(one, name)] for name in CARD}
        agents.objects.filter(pk=one.agent_id).update(**card)


class Migration(migrations.Migration):

    dependencies = [
        ('sprints', '0010_nightly'),
    ]

    operations = [
        migrations.AddField(
            model_name='agent',
            name='responsibilities',
            field=models.JSONField(blank=True, default=list, help_text='a line each'),
        ),
        migrations.AddField(
            model_name='agent',
            name='authority',
            field=models.JSONField(blank=True, default=list, help_text='what it may decide, and not'),
        ),
        migrations.AddField(
            model_name='agent',
            name='deliverables',
            field=models.JSONField(blank=True, default=list, help_text='a line each'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
