"""Evaluations, their outputs as they were marked, and grades by people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_skills'),
        ('annotations', '0027_rollouts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system_version', models.CharField(max_length=200)),
                ('spec', models.JSONField()),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Could not run'), ('stopped', 'Stopped')], default='queued', max_length=10)),
                ('problem', models.TextField(blank=True, default='')),
                ('total', models.IntegerField()),
                ('done', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('position', models.IntegerField(default=0)),
                ('unknown', models.IntegerField(default=0)),
                ('scores', models.JSONField(null=True)),
                ('sample', models.JSONField(null=True)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('baseline', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.evaluation')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.datasetversion')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', 'system_version', '-id'], name='evaluation_by_system'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ['queued', 'running'])), models.Q(('ended_at__isnull', False), ('state__in', ['done', 'failed', 'stopped'])), _connector='OR'), name='evaluation_has_ended_or_not'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('scores__isnull', False), _connector='OR'), name='evaluation_is_done_with_scores'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EvaluationGrade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField()),
                ('passes', models.BooleanField()),
                ('note', models.TextField(blank=True, default='')),
                ('saw_expected', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('evaluation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='grades', to='annotations.evaluation')),
                ('reviewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('superseded_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.evaluationgrade')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('superseded_by__isnull', True)), fields=('evaluation', 'position', 'reviewer'), name='one_standing_grade_per_person_and_row'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EvaluationOutput',
            fields=[
                ('pk', models.CompositePrimaryKey('evaluation_id', 'position', 'nth', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.IntegerField()),
                ('nth', models.SmallIntegerField()),
                ('external_id', models.TextField()),
                ('status', models.CharField(choices=[('given', 'Waiting to be marked'), ('answered', 'Answered'), ('failed', 'Failed'), ('missing', 'No output')], max_length=10)),
                ('output', models.JSONField(null=True)),
                ('marks', models.JSONField(null=True)),
                ('verdicts', models.JSONField(null=True)),
                ('problem', models.TextField(blank=True, default='')),
                ('latency_ms', models.FloatField(null=True)),
                ('input_tokens', models.BigIntegerField(null=True)),
                ('output_tokens', models.BigIntegerField(null=True)),
                ('cost_usd', models.FloatField(null=True)),
                ('erased_at', models.DateTimeField(null=True)),
                ('evaluation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='outputs', to='annotations.evaluation')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('status', 'answered'), _negated=True), ('marks__isnull', False), ('erased_at__isnull', False), _connector='OR'), name='evaluation_answer_is_marked'),
                ],
            },
        ),
    ]
