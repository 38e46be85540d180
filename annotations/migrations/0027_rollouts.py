"""Rollouts: gates, evidence, sign-offs and their story; what was said and frozen is only added to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_skills'),
        ('annotations', '0026_golds_in_the_queue'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rollout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system_version', models.TextField()),
                ('baseline', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('stage', models.CharField(choices=[('shadow', 'Shadow'), ('internal_beta', 'Internal beta'), ('general_availability', 'General availability')], default='shadow', max_length=24)),
                ('percent', models.PositiveSmallIntegerField(default=0)),
                ('audience', models.CharField(blank=True, default='', max_length=200)),
                ('moved_at', models.DateTimeField()),
                ('watched_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'system_version'), name='one_rollout_per_system_version'),
                    models.CheckConstraint(condition=models.Q(('percent__lte', 100)), name='rollout_percent_up_to_100'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EvidenceBundle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('to_stage', models.CharField(choices=[('shadow', 'Shadow'), ('internal_beta', 'Internal beta'), ('general_availability', 'General availability')], max_length=24)),
                ('content', models.JSONField()),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bundles', to='annotations.rollout')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='bundle_expires_later'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Attestation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gate', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('link', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attestations', to='annotations.rollout')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('rollout', 'gate'), name='one_standing_attestation_per_gate'),
                ],
            },
        ),
        migrations.CreateModel(
            name='RolloutEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=24)),
                ('text', models.TextField()),
                ('detail', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='annotations.rollout')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['rollout', 'id'], name='rollout_event_by_rollout'),
                ],
            },
        ),
        migrations.CreateModel(
            name='RolloutGates',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('spec', models.JSONField()),
                ('had_data', models.BooleanField()),
                ('counts_from', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='gates', to='annotations.rollout')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('rollout', 'version'), name='gates_version_once_per_rollout'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approves', models.BooleanField()),
                ('reason', models.TextField()),
                ('by_token', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signoffs', to='annotations.evidencebundle')),
                ('by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='signoffs', to='annotations.rollout')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('bundle', 'by'), name='nobody_signs_a_bundle_twice'),
                    models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='sign_off_has_a_reason'),
                ],
            },
        ),
        migrations.RunSQL(
            "".join(
                f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON annotations_{name}"
                " FOR EACH ROW EXECUTE FUNCTION refuse_change();"
                for name in ("rolloutgates", "evidencebundle", "signoff", "rolloutevent")
            ),
            "".join(
                f"DROP TRIGGER {name}_append_only ON annotations_{name};"
                for name in ("rolloutgates", "evidencebundle", "signoff", "rolloutevent")
            ),
        ),
    ]
