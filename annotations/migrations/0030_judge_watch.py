"""Judges kept honest: flags with their history, and anchors with what versions said of them each time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_golds'),
        ('annotations', '0029_judge_runs'),
        ('sampling', '0020_operations_by_value'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='JudgeAnchor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=50)),
                ('passes', models.BooleanField()),
                ('frozen_at', models.DateTimeField()),
                ('frozen_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sampling.item')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['item'], name='judge_anchor_of_item'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('project', 'question', 'item'), name='anchor_once_per_question_and_item'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeAnchorAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('passes', models.BooleanField(null=True)),
                ('at', models.DateTimeField()),
                ('anchor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='annotations.judgeanchor')),
                ('judge_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgeversion')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['judge_version', 'anchor', 'id'], name='anchor_answer_by_version'),
                ],
            },
        ),
        migrations.CreateModel(
            name='JudgeFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=50)),
                ('reason', models.TextField()),
                ('evidence', models.JSONField()),
                ('raised_at', models.DateTimeField()),
                ('over_at', models.DateTimeField(null=True)),
                ('over_reason', models.TextField(blank=True, default='')),
                ('judge_version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotations.judgeversion')),
                ('over_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.project')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['judge_version', 'question', '-id'], name='judge_flag_by_version'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('over_at__isnull', True)), fields=('judge_version', 'question'), name='one_standing_flag_per_judge_version_and_question'),
                    models.CheckConstraint(condition=models.Q(models.Q(('over_at__isnull', True), ('over_reason', '')), models.Q(('over_at__isnull', False), models.Q(('over_reason', ''), _negated=True)), _connector='OR'), name='judge_flag_is_taken_down_with_a_reason'),
                ],
            },
        ),
    ]
