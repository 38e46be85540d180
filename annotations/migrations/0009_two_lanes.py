"""Claims serve two lanes: what was drawn by chance, and what was chosen by hand, turn by turn.

As in `0004_queue_functions`: stage 1 review, lane 1 estimation, lane 2 chosen by hand, guards 1 leased, 4 left.
"""

from importlib import import_module

from django.db import migrations, models

# One step of a lane: the first open tasks behind a place that this reviewer has nothing to do with yet. It is only
# called by `queue_take`, and planned under its settings.
PICK = """
CREATE FUNCTION queue_pick(_project bigint, _reviewer bigint, _lane int, _count int, _rank float8, _task bigint,
    _except bigint[])
RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
    RETURN COALESCE((
        SELECT array_agg(f.id ORDER BY f.rank, f.id) FROM (
            SELECT t.id, t.rank FROM annotations_task t
            WHERE t.project_id = _project AND t.stage = 1 AND t.lane = _lane AND t.is_open
              AND (t.rank, t.id) > (_rank, _task) AND t.id <> ALL (_except)
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
            ORDER BY t.rank, t.id LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f), '{}');
END $$;
"""

# First what the reviewer was shown and did not finish. Then, as long as both lanes have work, one task of the
# estimation lane and one that was chosen by hand in turn, beginning with estimation, so that it is never given less
# than half. Of each lane: what follows the reviewer's cursor while it is trusted, then the lane from its watermark.
#
# Tasks chosen by hand rank by the time at which they were sent, so new ones follow the cursor; the walk over those that
# the reviewer has done already is made when the cursor is too old, or when the estimation lane has run out, and then
# the cursor is put to where it ended. While nothing is open in that lane it costs a look at its watermark.
TAKE = """
CREATE OR REPLACE FUNCTION queue_take(_project bigint, _reviewer bigint, _count int, _lease_seconds float8,
    _prefetch_seconds float8, _trust_seconds float8, _submit text, _on_screen boolean)
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
    _at record;
    _chosen bigint[] := '{}';
    _wanted int;
    _ahead bigint[] := '{}';
    _behind bigint[] := '{}';
    _by_hand bigint[] := '{}';
    _share int := 0;
    _hand_walked boolean := false;
BEGIN
    SELECT c.rank, c.task_id, COALESCE(c.since > now() - make_interval(secs => _trust_seconds), false) AS trusted,
        w.rank AS mark,
        h.rank AS hand_rank, h.task_id AS hand_task,
        COALESCE(h.since > now() - make_interval(secs => _trust_seconds), false) AS hand_trusted,
        COALESCE(v.rank, 'Infinity') AS hand_mark, COALESCE(h.is_next, false) AS hand_next,
        EXISTS (SELECT 1 FROM annotations_guard g
                WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4) AS has_left,
        (SELECT r.id FROM annotations_rubricversion r
         WHERE r.project_id = _project ORDER BY r.version DESC LIMIT 1) AS rubric
    INTO _at
    FROM annotations_watermark w
    LEFT JOIN annotations_watermark v ON v.project_id = w.project_id AND v.stage = 1 AND v.lane = 2
    LEFT JOIN annotations_claimcursor c ON c.reviewer_id = _reviewer AND c.project_id = w.project_id AND c.lane = 1
    LEFT JOIN annotations_claimcursor h ON h.reviewer_id = _reviewer AND h.project_id = w.project_id AND h.lane = 2
    WHERE w.project_id = _project AND w.stage = 1 AND w.lane = 1;
    IF _at.rubric IS NULL THEN
        RETURN NULL;
    END IF;
    IF _at.has_left THEN
        SELECT COALESCE(array_agg(f.id ORDER BY f.rank, f.id), '{}') INTO _chosen FROM (
            SELECT t.id, t.rank FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
            WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4 AND t.is_open AND t.stage = 1
            ORDER BY g.at LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f;
    END IF;
    _wanted := _count - cardinality(_chosen);
    IF _wanted > 0 AND _at.hand_mark < 'Infinity' THEN
        _share := (_wanted + _at.hand_next::int) / 2;
        IF _share > 0 AND _at.hand_trusted THEN
            _by_hand := queue_pick(_project, _reviewer, 2, _share, _at.hand_rank, _at.hand_task, _chosen);
        ELSIF _share > 0 THEN
            _by_hand := queue_pick(_project, _reviewer, 2, _share, _at.hand_mark, 0, _chosen);
            _hand_walked := true;
        END IF;
    END IF;
    _wanted := _wanted - cardinality(_by_hand);
    IF _wanted > 0 AND _at.trusted THEN
        _ahead := queue_pick(_project, _reviewer, 1, _wanted, _at.rank, _at.task_id, _chosen);
        _wanted := _wanted - cardinality(_ahead);
    END IF;
    IF _wanted > 0 THEN
        _behind := queue_pick(_project, _reviewer, 1, _wanted, _at.mark, 0, _chosen || _ahead);
        _wanted := _wanted - cardinality(_behind);
    END IF;
    IF _wanted > 0 AND _at.hand_mark < 'Infinity' AND NOT (_hand_walked AND cardinality(_by_hand) < _share) THEN
        _by_hand := _by_hand
            || queue_pick(_project, _reviewer, 2, _wanted, _at.hand_mark, 0, _chosen || _by_hand);
        _hand_walked := true;
    END IF;
    SELECT _chosen || COALESCE(array_agg(id ORDER BY nth, (lane = 2) <> _at.hand_next), '{}') INTO _chosen FROM (
        SELECT id, nth, 1 AS lane FROM unnest(_ahead || _behind) WITH ORDINALITY AS e (id, nth)
        UNION ALL
        SELECT id, nth, 2 AS lane FROM unnest(_by_hand) WITH ORDINALITY AS h (id, nth)) both_lanes;
    IF _at.hand_mark < 'Infinity' AND (_hand_walked OR cardinality(_by_hand) + cardinality(_ahead || _behind) > 0) THEN
        INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since, is_next)
        VALUES (_reviewer, _project, 2, 0, 0, '-infinity', false) ON CONFLICT DO NOTHING;
        UPDATE annotations_claimcursor c
        SET is_next = CASE WHEN _chosen[cardinality(_chosen)] = ANY (_ahead || _behind) THEN true
                           WHEN _chosen[cardinality(_chosen)] = ANY (_by_hand) THEN false ELSE c.is_next END,
            (rank, task_id) = (
                SELECT t.rank, t.id FROM annotations_task t WHERE t.id = _by_hand[cardinality(_by_hand)]
                UNION ALL
                SELECT CASE WHEN _hand_walked THEN extract(epoch FROM now())::float8 ELSE c.rank END,
                    CASE WHEN _hand_walked THEN 0 ELSE c.task_id END
                WHERE _by_hand = '{}'),
            since = CASE WHEN _hand_walked THEN now() ELSE c.since END
        WHERE c.reviewer_id = _reviewer AND c.project_id = _project AND c.lane = 2;
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
        INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since, is_next)
        SELECT _reviewer, _project, 1, t.rank, t.id, now(), false FROM annotations_task t
        WHERE t.id = COALESCE(_behind[cardinality(_behind)], _ahead[cardinality(_ahead)])
        ON CONFLICT (reviewer_id, project_id, lane) DO UPDATE
            SET rank = EXCLUDED.rank, task_id = EXCLUDED.task_id,
                since = CASE WHEN _behind = '{}' THEN annotations_claimcursor.since ELSE EXCLUDED.since END
    )
    SELECT array_agg(id ORDER BY nth) INTO _chosen FROM given;
    RETURN COALESCE(_chosen, '{}');
END $$;
"""
ONE_LANE = import_module("annotations.migrations.0004_queue_functions").TAKE


class Migration(migrations.Migration):
    dependencies = [("annotations", "0008_label_by_reviewer")]

    operations = [
        migrations.AddField(
            model_name="claimcursor", name="is_next", field=models.BooleanField(default=False, db_default=False)
        ),
        migrations.RunSQL(PICK, "DROP FUNCTION queue_pick(bigint, bigint, int, int, float8, bigint, bigint[])"),
        migrations.RunSQL(TAKE, ONE_LANE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
