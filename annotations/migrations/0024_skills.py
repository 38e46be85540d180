"""Tasks that ask for a skill, in lanes of that skill: the lane of the project, moved by twice the skill's number.

A claim walks the lane without a skill and those of the skills that its reviewer carries, and takes the best ranked of
all. Stage 1 is review.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

PICK = """
CREATE OR REPLACE FUNCTION queue_pick(_project bigint, _reviewer bigint, _lane int, _count int, _rank float8,
    _task bigint, _except bigint[])
RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    _skills smallint[];
BEGIN
    SELECT array_agg(s.number) INTO _skills
    FROM annotations_skill s
    JOIN accounts_membership m ON m.project_id = s.project_id AND m.user_id = _reviewer AND s.name = ANY(m.skills)
    WHERE s.project_id = _project;
    IF _skills IS NULL THEN
        RETURN COALESCE((
            SELECT array_agg(f.id ORDER BY f.rank, f.id) FROM (
                SELECT t.id, t.rank FROM annotations_task t
                WHERE t.project_id = _project AND t.stage = 1 AND t.lane = _lane AND t.is_open
                  AND (t.rank, t.id) > (_rank, _task) AND t.id <> ALL (_except)
                  AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
                ORDER BY t.rank, t.id LIMIT _count
                FOR NO KEY UPDATE OF t SKIP LOCKED) f), '{}');
    END IF;
    RETURN COALESCE((
        SELECT array_agg(b.id ORDER BY b.rank, b.id) FROM (
            SELECT f.id, f.rank FROM unnest(0::smallint || _skills) AS s (number)
            CROSS JOIN LATERAL (
                SELECT t.id, t.rank FROM annotations_task t
                WHERE t.project_id = _project AND t.stage = 1 AND t.lane = (_lane + 2 * s.number)::smallint AND t.is_open
                  AND (t.rank, t.id) > (_rank, _task) AND t.id <> ALL (_except)
                  AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
                ORDER BY t.rank, t.id LIMIT _count
                FOR NO KEY UPDATE OF t SKIP LOCKED) f
            ORDER BY f.rank, f.id LIMIT _count) b), '{}');
END $$;
"""
_BEFORE = import_module("annotations.migrations.0009_two_lanes").PICK


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_skills"), ("annotations", "0023_shadow")]

    operations = [
        migrations.CreateModel(
            name="SkillMapping",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.project",
                    ),
                ),
                ("asked", models.JSONField(default=list)),
                ("behind", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Skill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("number", models.SmallIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "name"), name="skill_once_per_project"),
                    models.UniqueConstraint(fields=("project", "number"), name="skill_number_once_per_project"),
                    models.CheckConstraint(
                        condition=models.Q(("number__range", (1, 100))), name="skill_number_is_1_to_100"
                    ),
                ]
            },
        ),
        migrations.RunSQL(PICK, _BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
