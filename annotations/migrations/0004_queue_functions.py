"""The hot statements of the queue as functions: planned once a connection, also behind a pooler, and fewer round trips.

Each statement inside sees what was committed before it began, as statements sent one by one would. The numbers are
`Stage`, `Lane` and `GuardState`, frozen here as in every migration: stage 1 review, lane 1 estimation, guards 1 leased,
2 labelled, 4 left, 5 surplus; 16 counter shards; 31250 is the class of the reviewers' turns.
"""

from django.db import migrations, models

# The turn first; then, in a statement that sees all of the reviewer's earlier work, the task's row is locked.
DESK = """
CREATE FUNCTION queue_desk(_project bigint, _task bigint, _reviewer bigint, _submit text)
RETURNS TABLE (item_id bigint, external_id text, state smallint, token uuid, rubric_id bigint, voided boolean,
    holds_more boolean, first_label bigint, first_task bigint, first_surplus boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(31250, mod(_reviewer, 2147483648)::int);
    RETURN QUERY
    SELECT t.item_id, i.external_id, g.state, g.token, g.rubric_id,
        EXISTS (SELECT 1 FROM annotations_voidedsubmit v WHERE v.reviewer_id = _reviewer AND v.submit_id = _submit),
        EXISTS (SELECT 1 FROM annotations_lease l WHERE l.reviewer_id = _reviewer AND l.project_id = _project
                AND l.task_id <> t.id AND l.expires_at > now()),
        first.id, first.task_id, first.surplus
    FROM annotations_task t
    JOIN sampling_item i ON i.id = t.item_id
    LEFT JOIN annotations_guard g ON g.task_id = t.id AND g.reviewer_id = _reviewer
    LEFT JOIN annotations_label first ON first.reviewer_id = _reviewer AND first.submit_id = _submit
    WHERE t.id = _task AND t.project_id = _project
    FOR NO KEY UPDATE OF t;
END $$;
"""

# The task's row is ours since the desk; the counter comes after it, as everywhere, so that nobody waits in a ring. A
# task that was closed meanwhile gives its seat back and counts no label.
STORE = """
CREATE FUNCTION queue_store(_project bigint, _task bigint, _item bigint, _reviewer bigint, _name text, _rubric bigint,
    _answers text, _comment text, _duration bigint, _submit text, _now timestamptz, _token_id bigint, _digest text,
    _request_id text)
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
            (project_id, item_id, task_id, reviewer_id, reviewer_name, rubric_id, answers, comment, duration_ms,
             submit_id, source, surplus, revision_reason, created_at)
        SELECT _project, _item, _task, _reviewer, _name, _rubric, _answers::jsonb, _comment, _duration, _submit,
            'queue', NOT EXISTS (SELECT 1 FROM seat WHERE counts = 1), '', _now
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

# First what the reviewer was shown and did not finish, then what follows their cursor while it is trusted, then the
# lane from its watermark. Rows that others are writing are passed over: claims never wait for each other. The scalar
# subquery keeps the planner from turning the guard into a join over all of a reviewer's past work, and the settings
# keep it on the lane's index although it does not know how many are asked for.
TAKE = """
CREATE FUNCTION queue_take(_project bigint, _reviewer bigint, _count int, _lease_seconds float8,
    _prefetch_seconds float8, _trust_seconds float8, _submit text, _on_screen boolean)
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    _at record;
    _chosen bigint[] := '{}';
    _more bigint[];
    _behind bigint[];
BEGIN
    SELECT c.rank, c.task_id, c.since > now() - make_interval(secs => _trust_seconds) AS trusted, w.rank AS mark,
        EXISTS (SELECT 1 FROM annotations_guard g
                WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4) AS has_left,
        (SELECT r.id FROM annotations_rubricversion r
         WHERE r.project_id = _project ORDER BY r.version DESC LIMIT 1) AS rubric
    INTO _at
    FROM annotations_watermark w
    LEFT JOIN annotations_claimcursor c ON c.reviewer_id = _reviewer AND c.project_id = w.project_id AND c.lane = w.lane
    WHERE w.project_id = _project AND w.stage = 1 AND w.lane = 1;
    IF _at.rubric IS NULL THEN
        RETURN NULL;
    END IF;
    IF _at.has_left THEN
        SELECT array_agg(f.id ORDER BY f.rank, f.id) INTO _more FROM (
            SELECT t.id, t.rank FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
            WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4 AND t.is_open AND t.stage = 1
            ORDER BY g.at LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f;
        _chosen := COALESCE(_more, '{}');
        _more := NULL;
    END IF;
    IF _at.trusted AND cardinality(_chosen) < _count THEN
        SELECT array_agg(f.id ORDER BY f.rank, f.id) INTO _more FROM (
            SELECT t.id, t.rank FROM annotations_task t
            WHERE t.project_id = _project AND t.stage = 1 AND t.lane = 1 AND t.is_open
              AND (t.rank, t.id) > (_at.rank, _at.task_id)
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
            ORDER BY t.rank, t.id LIMIT _count - cardinality(_chosen)
            FOR NO KEY UPDATE OF t SKIP LOCKED) f;
        _chosen := _chosen || _more;
    END IF;
    IF cardinality(_chosen) < _count THEN
        SELECT array_agg(f.id ORDER BY f.rank, f.id) INTO _behind FROM (
            SELECT t.id, t.rank FROM annotations_task t
            WHERE t.project_id = _project AND t.stage = 1 AND t.lane = 1 AND t.is_open
              AND (t.rank, t.id) > (_at.mark, 0) AND t.id <> ALL (_chosen)
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
            ORDER BY t.rank, t.id LIMIT _count - cardinality(_chosen)
            FOR NO KEY UPDATE OF t SKIP LOCKED) f;
        _chosen := _chosen || _behind;
    END IF;
    IF _chosen = '{}' THEN
        RETURN _chosen;
    END IF;
    WITH numbered AS MATERIALIZED (
        SELECT id, nth + _on_screen::int AS nth, gen_random_uuid() AS token
        FROM unnest(_chosen) WITH ORDINALITY AS c (id, nth)
    ), guarded AS (
        INSERT INTO annotations_guard (reviewer_id, task_id, project_id, state, token, rubric_id, reason, at)
        SELECT _reviewer, id, _project, 1, token, _at.rubric, '', now() FROM numbered
        ON CONFLICT (reviewer_id, task_id) DO UPDATE
            SET state = EXCLUDED.state, token = EXCLUDED.token, rubric_id = EXCLUDED.rubric_id, at = EXCLUDED.at
            WHERE annotations_guard.state = 4
        RETURNING task_id
    ), given AS (
        SELECT n.* FROM numbered n JOIN guarded g ON g.task_id = n.id
    ), leased AS (
        INSERT INTO annotations_lease (task_id, reviewer_id, project_id, token, expires_at, shown_at, submit_id)
        SELECT id, _reviewer, _project, token,
            now() + make_interval(secs => CASE WHEN nth = 1 THEN _lease_seconds ELSE _prefetch_seconds END),
            CASE WHEN nth = 1 THEN now() END, _submit
        FROM given
    ), seated AS (
        UPDATE annotations_task t SET n_leases = t.n_leases + 1 FROM given WHERE t.id = given.id
    ), counted AS (
        UPDATE annotations_queuecounter c SET open = c.open - k.n, leased = c.leased + k.n
        FROM (SELECT count(*) AS n FROM given) k
        WHERE c.project_id = _project AND c.stage = 1 AND c.shard = mod(pg_backend_pid(), 16) AND k.n > 0
    ), moved AS (
        INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since)
        SELECT _reviewer, _project, 1, t.rank, t.id, now() FROM annotations_task t
        WHERE t.id = COALESCE(_behind[cardinality(_behind)], _more[cardinality(_more)])
        ON CONFLICT (reviewer_id, project_id, lane) DO UPDATE
            SET rank = EXCLUDED.rank, task_id = EXCLUDED.task_id,
                since = CASE WHEN _behind IS NULL THEN annotations_claimcursor.since ELSE EXCLUDED.since END
    )
    SELECT array_agg(id ORDER BY nth) INTO _chosen FROM given;
    RETURN COALESCE(_chosen, '{}');
END $$;
"""

# What is leased of these tasks, in their order. Joined with the visible columns of the items by the caller, who knows
# what this reviewer may see; the number of rows keeps that join from reading all items.
LEASED = """
CREATE FUNCTION queue_leased(_reviewer bigint, _tasks bigint[])
RETURNS TABLE (nth bigint, task_id bigint, item_id bigint, token uuid, expires_at timestamptz, rubric_id bigint,
    answers jsonb, comment text, reason text)
LANGUAGE plpgsql STABLE ROWS 3 SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT wanted.nth, t.id, t.item_id, l.token, l.expires_at, g.rubric_id, d.answers, d.comment, t.reason
    FROM unnest(_tasks) WITH ORDINALITY AS wanted (id, nth)
    JOIN annotations_task t ON t.id = wanted.id
    JOIN annotations_lease l ON l.task_id = t.id AND l.reviewer_id = _reviewer
    JOIN annotations_guard g ON g.task_id = t.id AND g.reviewer_id = l.reviewer_id
    LEFT JOIN annotations_draft d ON d.task_id = t.id AND d.reviewer_id = l.reviewer_id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0003_label_by_item")]

    operations = [
        migrations.AddIndex(
            model_name="lease", index=models.Index(fields=["reviewer", "project"], name="lease_by_reviewer")
        ),
        migrations.RunSQL(DESK, "DROP FUNCTION queue_desk(bigint, bigint, bigint, text)"),
        migrations.RunSQL(
            STORE,
            "DROP FUNCTION queue_store(bigint, bigint, bigint, bigint, text, bigint, text, text, bigint, text,"
            " timestamptz, bigint, text, text)",
        ),
        migrations.RunSQL(
            TAKE, "DROP FUNCTION queue_take(bigint, bigint, int, float8, float8, float8, text, boolean)"
        ),
        migrations.RunSQL(LEASED, "DROP FUNCTION queue_leased(bigint, bigint[])"),
    ]
