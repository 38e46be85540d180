"""Datasets: new tables."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_masking'),
        ('annotations', '0016_failure_modes'),
        ('sampling', '0013_erased_items'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('description', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'name'), name='dataset_name_once_per_project'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DatasetCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.TextField()),
                ('content', models.JSONField()),
                ('note', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('dataset', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='annotations.dataset')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('dataset', 'external_id'), name='one_standing_case_per_id'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DatasetExport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(max_length=20)),
                ('split', models.CharField(blank=True, default='', max_length=30)),
                ('created_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Being made'), ('done', 'Ready'), ('failed', 'Could not be made')], default='waiting', max_length=10)),
                ('total', models.IntegerField()),
                ('done', models.IntegerField(default=0)),
                ('size', models.BigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('problem', models.TextField(blank=True, default='')),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('forgotten_at', models.DateTimeField(null=True)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='DatasetExportPart',
            fields=[
                ('pk', models.CompositePrimaryKey('export_id', 'nth', blank=True, editable=False, primary_key=True, serialize=False)),
                ('nth', models.IntegerField()),
                ('data', models.BinaryField()),
                ('export', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='annotations.datasetexport')),
            ],
        ),
        migrations.CreateModel(
            name='DatasetVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.IntegerField()),
                ('state', models.CharField(choices=[('freezing', 'Being frozen'), ('frozen', 'Frozen'), ('failed', 'Could not be frozen')], default='freezing', max_length=10)),
                ('recipe', models.JSONField()),
                ('manifest', models.JSONField(default=dict)),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('n_rows', models.IntegerField(default=0)),
                ('n_erased', models.IntegerField(default=0)),
                ('erased_at', models.DateTimeField(null=True)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('note', models.TextField(blank=True, default='')),
                ('problem', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('frozen_at', models.DateTimeField(null=True)),
                ('retired_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='annotations.dataset')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('dataset', 'version'), name='dataset_version_once_per_dataset'),
                    models.CheckConstraint(condition=models.Q(models.Q(('frozen_at__isnull', False), ('state', 'frozen'), models.Q(('sha256', ''), _negated=True)), models.Q(models.Q(('state', 'frozen'), _negated=True), ('frozen_at__isnull', True), ('sha256', '')), _connector='OR'), name='dataset_version_is_frozen_with_its_hash'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DatasetRow',
            fields=[
                ('pk', models.CompositePrimaryKey('version_id', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.IntegerField()),
                ('external_id', models.TextField()),
                ('split', models.CharField(blank=True, default='', max_length=30)),
                ('origin', models.CharField(choices=[('sampled', 'Drawn by chance'), ('chosen', 'Chosen by hand'), ('written', 'Written by hand')], max_length=8)),
                ('row', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('provenance', models.JSONField(default=dict)),
                ('erased_at', models.DateTimeField(null=True)),
                ('item', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.datasetversion')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['item'], name='dataset_row_by_item'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('version', 'external_id'), name='dataset_row_once_per_version'),
                ],
            },
        ),
        migrations.CreateModel(
            name='DatasetLock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('ref', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField()),
                ('released_at', models.DateTimeField(null=True)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='locks', to='annotations.datasetversion')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('version', 'kind', 'ref'), name='dataset_locked_once_by_each'),
                ],
            },
        ),
        migrations.AddField(
            model_name='datasetexport',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='annotations.datasetversion'),
        ),
        migrations.CreateModel(
            name='DatasetDropped',
            fields=[
                ('pk', models.CompositePrimaryKey('version_id', 'external_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('external_id', models.TextField()),
                ('reason', models.CharField(max_length=20)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.datasetversion')),
            ],
        ),
        migrations.AddIndex(
            model_name='datasetexport',
            index=models.Index(condition=models.Q(('forgotten_at__isnull', True)), fields=['expires_at'], name='dataset_export_not_forgotten'),
        ),
        migrations.AddConstraint(
            model_name='datasetexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='dataset_export_has_ended_or_not'),
        ),
    ]
