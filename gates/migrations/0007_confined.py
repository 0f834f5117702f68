"""Make the tables as they were in store v0 (tests/golden/v0).

This one migration stands for the earlier ones, too. It keeps the name of the last of them, so that
Django regards it as applied in every store that has them all. ``sprints.store.schema_version``
refuses the others.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('sprints', '0016_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='Gate',
            fields=[
                ('gate_id', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=200)),
                ('kind', models.CharField(default='command', max_length=32)),
                ('command', models.JSONField(help_text='argv: a list of texts, no shell')),
                ('required', models.BooleanField(default=True)),
                ('rounds', models.JSONField(help_text='codes of the rounds in which it runs')),
                ('profiles', models.JSONField(help_text='profiles to which it belongs: quick, full')),
                ('timeout_s', models.FloatField(default=600.0)),
                ('grace_s', models.FloatField(default=5.0)),
                ('cap_bytes', models.BigIntegerField(default=67108864)),
                ('env', models.JSONField(blank=True, default=dict)),
                ('position', models.PositiveIntegerField(default=0)),
                ('enabled', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['position', 'gate_id'],
            },
        ),
        migrations.CreateModel(
            name='GateRun',
            fields=[
                ('id', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('gate_id', models.CharField(max_length=64)),
                ('number', models.PositiveIntegerField()),
                ('attempt', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('command', models.JSONField()),
                ('required', models.BooleanField()),
                ('digest', models.CharField(help_text="hash of the gate's definition", max_length=64)),
                ('status', models.CharField(choices=[('running', 'running'), ('passed', 'passed'), ('failed', 'failed'), ('error', 'error'), ('timed_out', 'timed_out'), ('cancelled', 'cancelled'), ('interrupted', 'interrupted')], default='running', max_length=16)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('exit_code', models.IntegerField(blank=True, null=True)),
                ('duration_s', models.FloatField(blank=True, null=True)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('stdout_path', models.TextField()),
                ('stderr_path', models.TextField()),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gate_runs', to='sprints.round')),
                ('extra', models.JSONField(blank=True, default=dict, help_text='unknown keys of state.json')),
                ('excerpt', models.TextField(blank=True, default='', help_text='what it printed, in short, for who is to mend it')),
                ('tree', models.CharField(blank=True, default='', help_text='git tree that was judged, in a clone', max_length=64)),
                ('confined', models.CharField(blank=True, default='', help_text='what kept it to its folders', max_length=200)),
            ],
            options={
                'ordering': ['gate_id', 'number'],
                'indexes': [models.Index(fields=['gate_id', '-started_at'], name='gaterun_by_gate'), models.Index(fields=['-started_at'], name='gaterun_by_age')],
            },
        ),
    ]
