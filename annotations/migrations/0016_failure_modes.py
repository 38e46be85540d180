"""Failure modes: new tables."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_masking'),
        ('annotations', '0015_horizons'),
        ('sampling', '0011_masking'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FailureMode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('value', models.CharField(max_length=50)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'value'), name='failure_mode_once_per_project'),
                    models.CheckConstraint(condition=models.Q(('value__regex', '^[a-z][a-z0-9_]*$')), name='failure_mode_value_is_a_word'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ModeAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('assigned_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('label', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.label')),
                ('mode', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.failuremode')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('withdrawn_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('withdrawn_at__isnull', True)), fields=['project', 'item'], name='mode_assignment_standing'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('item', 'mode'), name='item_shows_a_mode_once'),
                    models.UniqueConstraint(condition=models.Q(('mode__isnull', True), ('withdrawn_at__isnull', True)), fields=('item',), name='item_is_read_without_a_mode_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at__isnull', True), ('withdrawn_by__isnull', True)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='mode_is_withdrawn_by_somebody'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ModeWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('description', models.TextField(blank=True, default='')),
                ('hotkey', models.CharField(max_length=1, null=True)),
                ('created_at', models.DateTimeField()),
                ('merged_into', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.failuremode')),
                ('mode', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='wordings', to='annotations.failuremode')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('superseded_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.modewording')),
                ('written_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('superseded_by__isnull', True)), fields=('mode',), name='one_standing_wording_per_mode'),
                    models.UniqueConstraint(models.F('project'), django.db.models.functions.text.Lower('name'), condition=models.Q(('merged_into__isnull', True), ('superseded_by__isnull', True)), name='one_standing_mode_per_name'),
                    models.UniqueConstraint(condition=models.Q(('merged_into__isnull', True), ('superseded_by__isnull', True)), fields=('project', 'hotkey'), name='one_standing_mode_per_key'),
                    models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('mode')), _negated=True), _connector='OR'), name='mode_not_merged_into_itself'),
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='mode_has_a_name'),
                ],
            },
        ),
    ]
