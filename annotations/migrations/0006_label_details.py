"""What is kept beside an answer: quotes of spans, the order in which candidates were shown, how much was corrected.

`queue_store` takes it as one more argument; the numbers in it are those of 0004.
"""

from importlib import import_module

from django.db import migrations, models
from django.db.models.expressions import Value
from django.db.models.fields.json import JSONField

STORE = """
CREATE FUNCTION queue_store(_project bigint, _task bigint, _item bigint, _reviewer bigint, _name text, _rubric bigint,
    _answers text, _comment text, _duration bigint, _submit text, _now timestamptz, _token_id bigint, _digest text,
    _request_id text, _details text)
RETURNS TABLE (label_id bigint, is_surplus boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH gone AS (
        DELETE FROM annotations_lease WHERE task_id = _task AND reviewer_id = _reviewer RETURNING 1
    ), had AS MATERIALIZED (SELECT count(*)::int AS lease FROM gone), seat AS (
        UPDATE annotations_task t
        SET n_leases = t.n_leases - had.lease, n_labels = t.n_labels + (t.closed_reason IS NULL)::int
        FROM had
        WHERE t.id = _task AND (had.lease = 1 OR (t.closed_reason IS NULL AND t.need > t.n_leases + t.n_labels))
        RETURNING had.lease, (t.closed_reason IS NULL)::int AS counts
    ), label AS (
        INSERT INTO annotations_label
            (project_id, item_id, task_id, reviewer_id, reviewer_name, rubric_id, answers, details, comment, duration_ms,
             submit_id, source, surplus, revision_reason, created_at)
        SELECT _project, _item, _task, _reviewer, _name, _rubric, _answers::jsonb, _details::jsonb, _comment, _duration,
            _submit, 'queue', NOT EXISTS (SELECT 1 FROM seat WHERE counts = 1), '', _now
        RETURNING id, surplus
    ), guarded AS (
        UPDATE annotations_guard SET state = CASE WHEN label.surplus THEN 5 ELSE 2 END, at = now()
        FROM label WHERE reviewer_id = _reviewer AND task_id = _task
    ), undrafted AS (
        DELETE FROM annotations_draft WHERE reviewer_id = _reviewer AND task_id = _task
    ), counted AS (
        UPDATE annotations_queuecounter c
        SET leased = c.leased - seat.lease, open = c.open - (1 - seat.lease), done = c.done + seat.counts
        FROM seat WHERE c.project_id = _project AND c.stage = 1 AND c.shard = mod(pg_backend_pid(), 16)
    ), audited AS (
        INSERT INTO audit_auditevent
            (at, project_id, actor_id, actor_name, token_id, action, object_kind, object_id, detail, request_id)
        SELECT _now, _project, _reviewer, _name, _token_id, 'label.created', 'label', label.id::text,
            jsonb_build_object('task', _task, 'answers_sha256', _digest, 'surplus', label.surplus), _request_id
        FROM label
    )
    SELECT label.id, label.surplus FROM label;
END $$;
"""

def _store_of_0004():
    return import_module("annotations.migrations.0004_queue_functions").STORE


class Migration(migrations.Migration):
    dependencies = [("annotations", "0005_escalations")]

    operations = [
        migrations.AddField(
            model_name="label",
            name="details",
            field=models.JSONField(db_default=Value({}, JSONField()), default=dict),
        ),
        migrations.RunSQL(
            STORE,
            "DROP FUNCTION queue_store(bigint, bigint, bigint, bigint, text, bigint, text, text, bigint, text,"
            " timestamptz, bigint, text, text, text)",
        ),
        migrations.RunSQL(
            "DROP FUNCTION queue_store(bigint, bigint, bigint, bigint, text, bigint, text, text, bigint, text,"
            " timestamptz, bigint, text, text)",
            _store_of_0004(),
        ),
    ]
