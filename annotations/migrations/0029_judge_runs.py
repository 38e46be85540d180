"""Judges that run here: providers, frozen specs, runs with their calls, spending, online judging, attacks: new tables,
and two nullable columns."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_skills'),
        ('annotations', '0028_evaluations'),
        ('sampling', '0019_solved_plans'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='JudgeBudget',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='accounts.project')),
                ('total_nusd', models.BigIntegerField(null=True)),
                ('day_nusd', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='JudgeLimit',
            fields=[
                ('key', models.CharField(max_length=300, primary_key=True, serialize=False)),
                ('requests_at', models.FloatField(default=0)),
                ('tokens_at', models.FloatField(default=0)),
                ('blocked_until', models.FloatField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name='judge',
            name='questions',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='judgeversion',
            name='spec',
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name='JudgeAttack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='running', max_length=10)),
                ('reason', models.TextField(blank=True, default='')),
                ('attempts', models.JSONField(default=list)),
                ('fooled', models.IntegerField(default=0)),
                ('resisted', models.IntegerField(default=0)),
                ('unparsed', models.IntegerField(default=0)),
                ('cost_nusd', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judge_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgeversion')),
            ],
        ),
        migrations.CreateModel(
            name='JudgeRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('run', 'Chosen when it began'), ('online', 'As they come in')], default='run', max_length=10)),
                ('state', models.CharField(choices=[('queued', 'Waiting for a worker'), ('running', 'Running'), ('paused', 'Paused'), ('stopped', 'Stopped'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('reason', models.TextField(blank=True, default='')),
                ('where', models.JSONField(null=True)),
                ('sample', models.FloatField(null=True)),
                ('caused_by_draw', models.BooleanField(default=False)),
                ('chosen_behind', models.BigIntegerField(default=0, null=True)),
                ('budget_nusd', models.BigIntegerField(null=True)),
                ('reserved_nusd', models.BigIntegerField(default=0)),
                ('cost_nusd', models.BigIntegerField(default=0)),
                ('uncertain_nusd', models.BigIntegerField(default=0)),
                ('total', models.IntegerField(default=0)),
                ('done', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('unparsed', models.IntegerField(default=0)),
                ('cached', models.IntegerField(default=0)),
                ('calls', models.IntegerField(default=0)),
                ('input_tokens', models.BigIntegerField(default=0)),
                ('output_tokens', models.BigIntegerField(default=0)),
                ('stages', models.JSONField(default=dict)),
                ('worked_seconds', models.FloatField(default=0)),
                ('chunk', models.IntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judge_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgeversion')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', '-id'], name='judge_run_by_project'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('reserved_nusd__gte', 0)), name='judge_run_reserves_no_less_than_nothing'),
                    models.CheckConstraint(condition=models.Q(('total__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('done'), '+', models.F('failed')), '+', models.F('unparsed')))), name='judge_run_counts_each_item_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('provider', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=10)),
                ('model', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('reserved', 'Under way'), ('settled', 'Answered'), ('failed', 'Came to nothing, and cost nothing that we know of'), ('uncertain', 'Perhaps answered, and perhaps paid for')], default='reserved', max_length=10)),
                ('reserved_nusd', models.BigIntegerField()),
                ('cost_nusd', models.BigIntegerField(default=0)),
                ('input_tokens', models.IntegerField(default=0)),
                ('output_tokens', models.IntegerField(default=0)),
                ('raw', models.TextField(blank=True, default='')),
                ('error', models.TextField(blank=True, default='')),
                ('latency_ms', models.FloatField(null=True)),
                ('reserved_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgerun')),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('state', 'settled')), fields=['project', 'key'], name='judge_call_answered'),
                    models.Index(condition=models.Q(('state', 'reserved')), fields=['run'], name='judge_call_under_way'),
                    models.Index(fields=['item'], name='judge_call_of_item'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeRunItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.SmallIntegerField(choices=[(0, 'Waiting'), (1, 'Done'), (2, 'Failed'), (3, 'Unparsed')], default=0)),
                ('tries', models.SmallIntegerField(default=0)),
                ('stage', models.CharField(blank=True, default='', max_length=10)),
                ('note', models.TextField(blank=True, default='')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='annotations.judgerun')),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('state', 0)), fields=['run', 'id'], name='judge_run_item_waiting'),
                    models.Index(condition=models.Q(('state', 2)), fields=['run', 'id'], name='judge_run_item_failed'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('run', 'item'), name='item_once_per_judge_run'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeSpend',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('reserved_nusd', models.BigIntegerField(default=0)),
                ('cost_nusd', models.BigIntegerField(default=0)),
                ('uncertain_nusd', models.BigIntegerField(default=0)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'day'), name='judge_spend_once_per_project_and_day'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeOnline',
            fields=[
                ('judge_version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='annotations.judgeversion')),
                ('enabled', models.BooleanField(default=True)),
                ('rate', models.FloatField()),
                ('where', models.JSONField(null=True)),
                ('day_nusd', models.BigIntegerField(null=True)),
                ('cursor', models.BigIntegerField(default=0)),
                ('set_at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('set_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('rate__gt', 0), ('rate__lte', 1)), name='online_judging_rate_in_0_1')],
            },
        ),
        migrations.CreateModel(
            name='JudgeProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('openai', 'OpenAI-compatible chat completions'), ('anthropic', 'Anthropic Messages'), ('simulated', 'Simulated: no model is asked')], max_length=10)),
                ('base_url', models.TextField(blank=True, default='')),
                ('api_key_env', models.CharField(blank=True, default='', max_length=200)),
                ('offers', models.JSONField(default=list)),
                ('rpm', models.IntegerField(null=True)),
                ('tpm', models.IntegerField(null=True)),
                ('learnt', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'name'), name='provider_name_once_per_project')],
            },
        ),
    ]
