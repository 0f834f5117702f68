from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sprints', '0017_overdue_note'),
    ]

    operations = [
        migrations.AddField(
            model_name='sprint',
            name='stop_reason',
            field=models.JSONField(blank=True, help_text='meta.stop_reason in state.json', null=True),
        ),
    ]
