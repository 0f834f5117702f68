"""Give agents a private HOME; those with a command keep the HOME that they have used."""

from django.db import migrations, models


def keep(apps, schema_editor):
    """Give agents without a command, which no one has set up yet, the new default."""
    apps.get_model("sprints", "Agent").objects.filter(command=[]).update(home="private")


class Migration(migrations.Migration):

    dependencies = [
        ("sprints", "0019_incarnation"),
    ]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="home",
            field=models.CharField(default="user", help_text="in the sandbox", max_length=16),
        ),
        migrations.RunPython(keep, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="agent",
            name="home",
            field=models.CharField(default="private", help_text="in the sandbox", max_length=16),
        ),
    ]
