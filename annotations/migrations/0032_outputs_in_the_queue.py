"""Outputs of evaluations among the tasks that are handed out: tasks of a stage of their own, about no item.

The numbers are `Stage.EVALUATION` (4), `PauseState.CONFIRMED` (2), `GuardState` (1 leased, 4 left). `queue_hand_out`
stands before `queue_serve`, as that stands before `queue_take`. `queue_serve` learns that work which was left and can no
longer be finished does not keep golds away.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

PICK = """
CREATE FUNCTION queue_pick_outputs(_project bigint, _reviewer bigint, _count int, _rank float8, _task bigint,
    _except bigint[])
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    RETURN COALESCE((
        SELECT array_agg(f.id ORDER BY f.rank, f.id) FROM (
            SELECT t.id, t.rank FROM annotations_task t
            WHERE t.project_id = _project AND t.stage = 4 AND t.lane = 2 AND t.is_open
              AND (t.rank, t.id) > (_rank, _task) AND t.id <> ALL (_except)
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
            ORDER BY t.rank, t.id LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f), '{}');
END $$;
"""

# While no output waits it costs one look at the index of open tasks. Else, behind what was left unfinished, every
# fourth task is an output, and all of them are once there is nothing else. What is picked stays locked until it is
# seated at the end, when the order in which all of it is handed out is known.
HAND_OUT = """
CREATE FUNCTION queue_hand_out(_project bigint, _reviewer bigint, _count int, _lease_seconds float8,
    _prefetch_seconds float8, _trust_seconds float8, _submit text, _on_screen boolean, _gold_rate float8,
    _gold_salt text)
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    _left bigint[];
    _picked bigint[] := '{}';
    _rest bigint[] := '{}';
    _more bigint[];
    _order bigint[];
    _rubric bigint;
    _turn record;
    _others int;
    _first boolean;
    _wanted int;
    _walked boolean := false;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM annotations_task t
                   WHERE t.project_id = _project AND t.stage = 4 AND t.lane = 2 AND t.is_open) THEN
        RETURN queue_serve(_project, _reviewer, _count, _lease_seconds, _prefetch_seconds, _trust_seconds, _submit,
            _on_screen, _gold_rate, _gold_salt);
    END IF;
    IF EXISTS (SELECT 1 FROM annotations_goldpause p
               WHERE p.project_id = _project AND p.reviewer_id = _reviewer AND p.state = 2) THEN
        RETURN '{}';
    END IF;
    SELECT r.id INTO _rubric FROM annotations_rubricversion r
    WHERE r.project_id = _project ORDER BY r.version DESC LIMIT 1;
    IF _rubric IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT COALESCE(array_agg(f.id), '{}') INTO _left FROM (
        SELECT t.id FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
        WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4 AND t.is_open AND t.stage = 4
        ORDER BY g.at LIMIT _count
        FOR NO KEY UPDATE OF t SKIP LOCKED) f;
    SELECT e.others, e.rank, e.task_id, e.since > now() - make_interval(secs => _trust_seconds) AS trusted
    INTO _turn FROM annotations_evaluationturn e WHERE e.reviewer_id = _reviewer AND e.project_id = _project;
    _others := COALESCE(_turn.others, 0);
    _wanted := _count - cardinality(_left);
    IF (_others + _wanted) / 4 > 0 THEN
        _walked := NOT COALESCE(_turn.trusted, false);
        _picked := queue_pick_outputs(_project, _reviewer, (_others + _wanted) / 4,
            CASE WHEN _walked THEN '-Infinity' ELSE _turn.rank END, CASE WHEN _walked THEN 0 ELSE _turn.task_id END,
            '{}');
        _wanted := _wanted - cardinality(_picked);
    END IF;
    _first := _left <> '{}' OR (_picked <> '{}' AND _others >= 3);
    IF _wanted > 0 THEN
        _rest := queue_serve(_project, _reviewer, _wanted, _lease_seconds, _prefetch_seconds, _trust_seconds, _submit,
            _on_screen OR _first, _gold_rate, _gold_salt);
        _wanted := _wanted - cardinality(_rest);
    END IF;
    IF _wanted > 0 THEN
        _more := queue_pick_outputs(_project, _reviewer, _wanted, '-Infinity', 0, _left || _picked);
        _picked := _picked || _more;
        _walked := true;
    END IF;
    _order := _left;
    _more := _picked;
    WHILE _more <> '{}' OR _rest <> '{}' LOOP
        IF _more <> '{}' AND (_others >= 3 OR _rest = '{}') THEN
            _order := _order || _more[1];
            _more := _more[2:];
            _others := 0;
        ELSE
            _order := _order || _rest[1];
            _rest := _rest[2:];
            _others := LEAST(_others + 1, 3);
        END IF;
    END LOOP;
    INSERT INTO annotations_evaluationturn AS e (reviewer_id, project_id, others, rank, task_id, since)
    VALUES (_reviewer, _project, _others,
        COALESCE((SELECT t.rank FROM annotations_task t WHERE t.id = _picked[cardinality(_picked)]),
            CASE WHEN _walked THEN extract(epoch FROM now()) ELSE _turn.rank END, '-Infinity'),
        COALESCE(_picked[cardinality(_picked)], CASE WHEN _walked THEN 0 ELSE _turn.task_id END, 0),
        CASE WHEN _walked THEN now() ELSE '-infinity' END)
    ON CONFLICT (reviewer_id, project_id) DO UPDATE
        SET others = EXCLUDED.others, rank = EXCLUDED.rank, task_id = EXCLUDED.task_id,
            since = CASE WHEN _walked THEN now() ELSE e.since END;
    IF _left = '{}' AND _picked = '{}' THEN
        RETURN _order;
    END IF;
    WITH numbered AS MATERIALIZED (
        SELECT o.id, o.nth = 1 AND NOT _on_screen AS first, gen_random_uuid() AS token
        FROM unnest(_order) WITH ORDINALITY AS o (id, nth) WHERE o.id = ANY (_left || _picked)
    ), guarded AS (
        INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
        SELECT _reviewer, id, _project, 1, token, _rubric, '', now() FROM numbered
        ON CONFLICT (reviewer_id, task_id) DO UPDATE
            SET state = EXCLUDED.state, token = EXCLUDED.token, rubric_id = EXCLUDED.rubric_id, at = EXCLUDED.at
            WHERE annotations_guard.state = 4
    ), leased AS (
        INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at, submit_id)
        SELECT id, _reviewer, _project, token,
            now() + make_interval(secs => CASE WHEN first THEN _lease_seconds ELSE _prefetch_seconds END),
            CASE WHEN first THEN now() END, _submit
        FROM numbered
    )
    UPDATE annotations_task t SET n_leases = t.n_leases + 1 FROM numbered WHERE t.id = numbered.id;
    RETURN _order;
END $$;
"""

_golds = import_module("annotations.migrations.0026_golds_in_the_queue")
SUBMIT = _golds._serving("SUBMIT", "_on_screen").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
CLAIM = _golds._serving("CLAIM", "NULL, false").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
SERVE = _golds.SERVE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
_LEFT = """FROM annotations_guard g
                   WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4) INTO _unfinished"""
_LEFT_AND_OPEN = """FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
                   WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4
                     AND t.is_open AND t.stage <> 4) INTO _unfinished"""
_ARGUMENTS = "bigint, bigint, int, float8, float8, float8, text, boolean, float8, text"


def _handing_out(function: str) -> str:
    return function.replace("queue_serve(", "queue_hand_out(")


class Migration(migrations.Migration):
    dependencies = [("annotations", "0031_urgent_lane"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AlterField(
            model_name="task",
            name="item",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="sampling.item",
            ),
        ),
        migrations.AlterField(
            model_name="task",
            name="stage",
            field=models.SmallIntegerField(
                choices=[(1, "Review"), (2, "Adjudication"), (3, "Gold"), (4, "Output of an evaluation")], default=1
            ),
        ),
        AddConstraintNotValid(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=Q(item__isnull=False, stage__lt=4) | Q(item__isnull=True, stage=4),
                name="task_is_about_an_item_or_an_output",
            ),
        ),
        migrations.CreateModel(
            name="EvaluationTask",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="output",
                        serialize=False,
                        to="annotations.task",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="annotations.evaluation",
                    ),
                ),
                ("position", models.IntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("evaluation", "position"), name="one_task_per_output")],
            },
        ),
        migrations.CreateModel(
            name="EvaluationTurn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "reviewer_id", "project_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.project",
                    ),
                ),
                ("others", models.SmallIntegerField()),
                ("rank", models.FloatField()),
                ("task_id", models.BigIntegerField()),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="evaluationgrade",
            name="task",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="annotations.task",
            ),
        ),
        migrations.AddField("evaluationgrade", "duration_ms", models.BigIntegerField(null=True)),
        migrations.AddField("evaluationgrade", "submit_id", models.CharField(max_length=64, null=True)),
        migrations.AddField("evaluationgrade", "surplus", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("evaluationgrade", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.RunSQL(PICK, "DROP FUNCTION queue_pick_outputs(bigint, bigint, int, float8, bigint, bigint[])"),
        migrations.RunSQL(SERVE.replace(_LEFT, _LEFT_AND_OPEN), SERVE),
        migrations.RunSQL(HAND_OUT, f"DROP FUNCTION queue_hand_out({_ARGUMENTS})"),
        migrations.RunSQL(_handing_out(SUBMIT), SUBMIT),
        migrations.RunSQL(_handing_out(CLAIM), CLAIM),
    ]
