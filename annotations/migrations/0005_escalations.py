"""Escalations: rows that never change; the guard state 6 says that a task was handed on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_people_and_projects'),
        ('annotations', '0004_queue_functions'),
        ('audit', '0002_append_only'),
        ('sampling', '0002_item_ids_and_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='guard',
            name='state',
            field=models.SmallIntegerField(choices=[(1, 'Leased'), (2, 'Labelled'), (3, 'Skipped'), (4, 'Left: shown, not finished, may come back to it'), (5, 'Labelled too late: kept as a surplus label'), (6, 'Handed on to an adjudicator')]),
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reviewer_name', models.CharField(max_length=150)),
                ('note', models.TextField()),
                ('answers', models.JSONField(null=True)),
                ('comment', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='sampling.item')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
                ('reviewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('task', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.task')),
            ],
            options={
                'indexes': [models.Index(fields=['project', 'item'], name='escalation_by_item')],
                'constraints': [models.UniqueConstraint(fields=('task', 'reviewer'), name='one_escalation_per_person_and_task'), models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='escalation_has_a_note')],
            },
        ),
        migrations.RunSQL(
            "CREATE TRIGGER escalation_append_only BEFORE UPDATE OR DELETE ON annotations_escalation "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER escalation_append_only ON annotations_escalation",
        ),
    ]
