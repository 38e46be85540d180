"""Shadow mode: how a project compares decisions, and who was right where they differ."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_project_secrets'),
        ('annotations', '0022_label_withdrawn'),
        ('sampling', '0013_erased_items'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ShadowRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('spec', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('project', 'version'), name='shadow_rule_version_once_per_project')],
            },
        ),
        migrations.CreateModel(
            name='ShadowRuling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.TextField()),
                ('sides', models.JSONField()),
                ('ai_side', models.PositiveSmallIntegerField()),
                ('finding', models.CharField(choices=[('ai_error', 'The AI was wrong'), ('human_error', 'The person was wrong'), ('both_wrong', 'Both were wrong'), ('both_defensible', 'Both can be defended'), ('guideline_unclear', 'The guideline does not say')], max_length=20)),
                ('note', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('ruled_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('superseded_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.shadowruling')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_by__isnull', True)), fields=('item', 'source'), name='one_standing_ruling_per_item_and_source')],
            },
        ),
    ]
