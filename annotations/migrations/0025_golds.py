"""Golds, the turn of each reviewer, and requests to pause: new tables."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_golds'),
        ('annotations', '0024_skills'),
        ('sampling', '0011_masking'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='guard',
            name='state',
            field=models.SmallIntegerField(choices=[(1, 'Leased'), (2, 'Labelled'), (3, 'Skipped'), (4, 'Left: shown, not finished, may come back to it'), (5, 'Labelled too late: kept as a surplus label'), (6, 'Handed on to an adjudicator'), (7, "Knows the gold's answer: never asked")]),
        ),
        migrations.AlterField(
            model_name='queuecounter',
            name='stage',
            field=models.SmallIntegerField(choices=[(1, 'Review'), (2, 'Adjudication'), (3, 'Gold')]),
        ),
        migrations.AlterField(
            model_name='task',
            name='stage',
            field=models.SmallIntegerField(choices=[(1, 'Review'), (2, 'Adjudication'), (3, 'Gold')], default=1),
        ),
        migrations.AlterField(
            model_name='watermark',
            name='stage',
            field=models.SmallIntegerField(choices=[(1, 'Review'), (2, 'Adjudication'), (3, 'Gold')]),
        ),
        migrations.CreateModel(
            name='GoldTurn',
            fields=[
                ('pk', models.CompositePrimaryKey('reviewer_id', 'project_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('given', models.BigIntegerField()),
                ('project', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('reviewer', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Gold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('counts_from', models.DateTimeField()),
                ('retired_at', models.DateTimeField(null=True)),
                ('retired_reason', models.TextField(blank=True, default='')),
                ('added_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='gold', to='sampling.item')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('retired_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='gold', to='annotations.task')),
            ],
            options={
                'indexes': [models.Index(fields=['project', 'id'], name='gold_by_project'), models.Index(condition=models.Q(('retired_at__isnull', True)), fields=['project'], name='gold_live')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('retired_at__isnull', True), ('retired_by__isnull', True), ('retired_reason', '')), models.Q(('retired_at__isnull', False), models.Q(('retired_reason', ''), _negated=True)), _connector='OR'), name='gold_is_retired_with_time_and_reason')],
            },
        ),
        migrations.CreateModel(
            name='GoldPause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.SmallIntegerField(choices=[(1, 'Asked'), (2, 'Paused'), (3, 'Lifted')], default=1)),
                ('asked_at', models.DateTimeField()),
                ('correct', models.IntegerField()),
                ('golds', models.IntegerField()),
                ('minimum', models.FloatField()),
                ('probability', models.FloatField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('reviewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['project', 'reviewer', 'id'], name='pause_by_person')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', [1, 2])), fields=('project', 'reviewer'), name='one_standing_pause_per_person'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 1)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', [2, 3])), _connector='OR'), name='pause_is_decided_by_a_person')],
            },
        ),
    ]
