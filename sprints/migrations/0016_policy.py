"""Make the tables as they were in store v0 (tests/golden/v0).

This one migration stands for the earlier ones, too. It keeps the name of the last of them, so that
Django regards it as applied in every store that has them all. ``sprints.store.schema_version``
refuses the others.
"""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField(default=0)),
                ('hash', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', max_length=64)),
                ('mirror_fault', models.CharField(blank=True, default='', max_length=300)),
                ('extra', models.JSONField(blank=True, default=dict, help_text='unknown keys of state.json')),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('seq', models.BigIntegerField(primary_key=True, serialize=False)),
                ('ts', models.DateTimeField()),
                ('kind', models.CharField(max_length=40)),
                ('sprint_id', models.CharField(blank=True, max_length=64, null=True)),
                ('hash', models.CharField(max_length=64)),
                ('line', models.TextField()),
            ],
            options={
                'ordering': ['seq'],
                'indexes': [models.Index(fields=['sprint_id', 'seq'], name='event_by_sprint'), models.Index(fields=['kind', 'seq'], name='event_by_kind'), models.Index(fields=['ts'], name='event_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Sprint',
            fields=[
                ('sprint_id', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('created', 'Created'), ('running', 'Running'), ('blocked', 'Blocked'), ('failed', 'Failed'), ('succeeded', 'Succeeded'), ('cancelled', 'Cancelled')], default='created', max_length=16)),
                ('current_round', models.CharField(blank=True, max_length=32, null=True)),
                ('artifacts_dir', models.TextField()),
                ('last_error', models.TextField(blank=True, null=True)),
                ('meta', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('attempt', models.PositiveIntegerField(default=1)),
                ('contract', models.JSONField(blank=True, null=True)),
                ('cancel_by', models.CharField(blank=True, default='', max_length=100)),
                ('version', models.PositiveIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, default='', max_length=200)),
                ('lease_token', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, help_text="by the database's clock", null=True)),
                ('home', models.CharField(blank=True, default='', help_text='the store that holds its files', max_length=500)),
                ('lease_beat', models.FloatField(blank=True, help_text="when it was renewed: seconds since its holder's boot", null=True)),
                ('waiting', models.JSONField(blank=True, help_text='meta.waiting_for in state.json', null=True)),
                ('extra', models.JSONField(blank=True, default=dict, help_text='unknown keys of state.json')),
                ('archived_at', models.DateTimeField(blank=True, help_text='since when it is not in state.json', null=True)),
            ],
            options={
                'ordering': ['sprint_id'],
                'indexes': [models.Index(condition=models.Q(('lease_owner', ''), _negated=True), fields=['home'], name='sprint_held'), models.Index(fields=['status', '-created_at'], name='sprint_by_status_age'), models.Index(fields=['status', '-finished_at'], name='sprint_by_status_end'), models.Index(fields=['-created_at', '-sprint_id'], name='sprint_by_age'), models.Index(condition=models.Q(('archived_at', None)), fields=['-created_at', '-sprint_id'], name='sprint_listed'), models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['archived_at'], name='sprint_archived')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('sprint_id'), name='sprint_id_any_case')],
            },
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=32)),
                ('title', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('in_progress', 'In Progress'), ('done', 'Done'), ('blocked', 'Blocked')], default='pending', max_length=16)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('notes', models.JSONField(blank=True, default=list)),
                ('sprint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rounds', to='sprints.sprint')),
                ('extra', models.JSONField(blank=True, default=dict, help_text='unknown keys of state.json')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('task_id', models.CharField(max_length=80)),
                ('title', models.CharField(max_length=200)),
                ('owner_agent', models.CharField(max_length=32)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('in_progress', 'In Progress'), ('blocked', 'Blocked'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='pending', max_length=16)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('details', models.JSONField(blank=True, default=dict)),
                ('attempt', models.PositiveIntegerField(default=1)),
                ('prompt', models.TextField(blank=True, default='')),
                ('reply', models.TextField(blank=True, default='')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='sprints.round')),
                ('extra', models.JSONField(blank=True, default=dict, help_text='unknown keys of state.json')),
            ],
            options={
                'ordering': ['created_at', 'id'],
                'indexes': [models.Index(fields=['owner_agent', '-updated_at'], name='task_by_agent')],
            },
        ),
        migrations.CreateModel(
            name='Host',
            fields=[
                ('name', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('watch', models.CharField(help_text="the watch's process identity", max_length=200)),
                ('workers', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('worked_at', models.DateTimeField()),
                ('restarts', models.PositiveIntegerField(default=0)),
                ('place', models.CharField(default='', help_text='the store that it serves', max_length=500)),
                ('verify_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Hook',
            fields=[
                ('hook_id', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32)),
                ('points', models.JSONField(help_text='points and event kinds that trigger it')),
                ('target', models.JSONField(help_text='argv of a command, or one URL')),
                ('timeout_s', models.FloatField(default=10.0)),
                ('tries', models.PositiveSmallIntegerField(default=3)),
                ('backoff_s', models.FloatField(default=10.0)),
                ('blocking', models.BooleanField(default=False)),
                ('allow_private', models.BooleanField(default=False)),
                ('enabled', models.BooleanField(default=True)),
                ('secret', models.CharField(blank=True, default='', max_length=200)),
                ('seq', models.BigIntegerField(default=0)),
            ],
            options={
                'ordering': ['hook_id'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('hook_id', models.CharField(max_length=64)),
                ('point', models.CharField(max_length=40)),
                ('seq', models.BigIntegerField(blank=True, null=True)),
                ('sprint_id', models.CharField(blank=True, default='', max_length=64)),
                ('place', models.CharField(blank=True, default='', max_length=200)),
                ('payload', models.TextField()),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('running', 'Running'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('dropped', 'Dropped')], default='pending', max_length=16)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('owner', models.CharField(blank=True, default='', max_length=200)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('exit_code', models.IntegerField(blank=True, null=True)),
                ('http_status', models.PositiveIntegerField(blank=True, null=True)),
                ('output', models.TextField(blank=True, default='')),
                ('duration_s', models.FloatField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['created_at', 'seq', 'id'],
                'indexes': [models.Index(fields=['status', 'next_at'], name='delivery_due'), models.Index(fields=['hook_id', '-created_at'], name='delivery_by_hook'), models.Index(fields=['sprint_id'], name='delivery_by_sprint'), models.Index(fields=['-created_at'], name='delivery_by_age')],
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('schedule_id', models.CharField(max_length=48, primary_key=True, serialize=False)),
                ('cron', models.CharField(max_length=100)),
                ('zone', models.CharField(max_length=64)),
                ('title', models.CharField(blank=True, default='', max_length=200)),
                ('brief', models.TextField(blank=True, default='')),
                ('profile', models.CharField(blank=True, default='', max_length=16)),
                ('deadline', models.CharField(blank=True, default='', max_length=16)),
                ('next_at', models.DateTimeField(blank=True, db_index=True, help_text='null while the schedule is off', null=True)),
                ('last_sprint_id', models.CharField(blank=True, default='', max_length=64)),
            ],
            options={
                'ordering': ['schedule_id'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('schedule_id'), name='schedule_id_any_case')],
            },
        ),
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('agent_id', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=64)),
                ('title', models.CharField(max_length=80)),
                ('mission', models.TextField()),
                ('runner', models.CharField(default='scripted', max_length=32)),
                ('command', models.JSONField(blank=True, default=list, help_text='argv: a list, no shell')),
                ('model', models.CharField(blank=True, default='', max_length=100)),
                ('timeout_s', models.FloatField(default=600.0)),
                ('grace_s', models.FloatField(default=5.0)),
                ('idle_s', models.FloatField(default=300.0, help_text='0: never')),
                ('pass_env', models.JSONField(blank=True, default=list, help_text='names, beside the usual')),
                ('env', models.JSONField(blank=True, default=dict, help_text='no place for secrets')),
                ('reply', models.JSONField(blank=True, help_text='where the answer stands in what it prints', null=True)),
                ('responsibilities', models.JSONField(blank=True, default=list, help_text='a line each')),
                ('authority', models.JSONField(blank=True, default=list, help_text='what it may decide, and not')),
                ('deliverables', models.JSONField(blank=True, default=list, help_text='a line each')),
                ('policy', models.CharField(default='write', help_text='in its clone', max_length=16)),
            ],
            options={
                'ordering': ['agent_id'],
            },
        ),
    ]
