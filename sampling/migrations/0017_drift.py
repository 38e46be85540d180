"""Comparisons of the traffic with that of before, what each found, and what people made of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_project_secrets'),
        ('sampling', '0016_budgets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DriftFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('feature', models.TextField()),
                ('kind', models.CharField(max_length=16)),
                ('verdict', models.CharField(max_length=24)),
                ('effect', models.FloatField(null=True)),
                ('floor', models.FloatField()),
                ('p_value', models.FloatField(null=True)),
                ('adjusted_p', models.FloatField(null=True)),
                ('sentence', models.TextField(blank=True, default='')),
                ('examples', models.JSONField(default=dict)),
                ('detail', models.JSONField(default=dict)),
                ('since', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DriftBaseline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField(null=True)),
                ('last_day', models.DateField(null=True)),
                ('why', models.TextField(blank=True, default='')),
                ('set_at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', '-id'], name='baseline_by_project'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('first_day__isnull', True), ('last_day__isnull', True)), ('first_day__lte', models.F('last_day')), _connector='OR'), name='baseline_is_days_in_order_or_none'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DriftReaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('feature', models.TextField()),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reactions', to='sampling.driftfinding')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', 'feature', '-id'], name='reaction_by_feature'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='drift_reaction_has_a_reason'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DriftRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('counted', models.BigIntegerField()),
                ('before_first', models.DateField(null=True)),
                ('before_last', models.DateField(null=True)),
                ('after_first', models.DateField(null=True)),
                ('after_last', models.DateField(null=True)),
                ('n_before', models.IntegerField(default=0)),
                ('n_after', models.IntegerField(default=0)),
                ('undefined', models.TextField(blank=True, default='')),
                ('baseline', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.driftbaseline')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['project', '-id'], name='drift_run_by_project'),
                ],
            },
        ),
        migrations.AddField(
            model_name='driftfinding',
            name='run',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='sampling.driftrun'),
        ),
        migrations.AddConstraint(
            model_name='driftfinding',
            constraint=models.UniqueConstraint(fields=('run', 'feature'), name='one_finding_of_a_feature_in_a_run'),
        ),
        migrations.AddConstraint(
            model_name='driftfinding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('since__isnull', False), ('verdict', 'drifted')), models.Q(models.Q(('verdict', 'drifted'), _negated=True), ('since__isnull', True)), _connector='OR'), name='only_what_drifted_has_a_since'),
        ),
    ]
