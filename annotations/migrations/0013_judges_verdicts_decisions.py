"""Judges, their versions and verdicts; decision feeds and decisions: new tables only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_reveal_after_commit'),
        ('annotations', '0012_one_statement'),
        ('sampling', '0007_draws_raised_once'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DecisionFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('coverage', models.CharField(choices=[('all', 'Everything'), ('probability', 'Each with the same known probability'), ('unknown', 'Not known')], default='unknown', max_length=12)),
                ('probability', models.FloatField(null=True)),
                ('created_at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'name'), name='decision_feed_name_once_per_project'),
                    models.CheckConstraint(condition=models.Q(models.Q(('coverage', 'probability'), ('probability__gt', 0), ('probability__lte', 1)), models.Q(models.Q(('coverage', 'probability'), _negated=True), ('probability__isnull', True)), _connector='OR'), name='decision_feed_probability_iff_its_coverage'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.TextField()),
                ('decision', models.JSONField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decider', models.CharField(blank=True, default='', max_length=200)),
                ('duration_ms', models.BigIntegerField(null=True)),
                ('assisted', models.BooleanField(default=False)),
                ('received_at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('superseded_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.decision')),
                ('feed', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.decisionfeed')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', 'external_id', 'id'], name='decision_by_external_id'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('superseded_by__isnull', True)), fields=('feed', 'external_id'), name='one_standing_decision_per_feed_and_item'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Judge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('imported', 'Run elsewhere, its verdicts imported'), ('llm', 'Run here, a language model with a prompt')], default='imported', max_length=10)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'name'), name='judge_name_once_per_project'),
                    models.CheckConstraint(condition=models.Q(('name__regex', '^[^.]+$')), name='judge_name_has_no_dot'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judge', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='annotations.judge')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('judge', 'version'), name='judge_version_once_per_judge'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answers', models.JSONField(null=True)),
                ('score', models.FloatField(null=True)),
                ('raw', models.TextField(blank=True, default='')),
                ('rationale', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='sampling.item')),
                ('judge_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgeversion')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('rubric', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.rubricversion')),
                ('superseded_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.verdict')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['item', 'id'], name='verdict_of_item'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('superseded_by__isnull', True)), fields=('judge_version', 'item'), name='one_standing_verdict_per_version_and_item'),
                ],
            },
        ),
    ]
