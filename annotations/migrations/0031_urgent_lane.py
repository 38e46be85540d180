"""Urgent work in a lane of its own: claims give it and what was chosen by hand every second place, urgent work first.

As in `0009_two_lanes`: lane 1 estimation, 2 chosen by hand, and now 1001 urgent; stage 1 review; guards 1 leased, 4 left.
"""

from importlib import import_module

from django.db import migrations, models

# First what the reviewer was shown and did not finish. Then, as long as there is other work, every second task is one of
# the estimation lane. The other places go to the urgent lane, and what that leaves of them to what was chosen by hand.
# Whose first task here it is gets an urgent one at once; nobody has had two of the others in a row then.
#
# Urgent tasks rank by chance, so new ones may lie behind the cursor: it is trusted for five seconds at most. Whoever
# has done all of them walks over those that still need others when it is older, or when the estimation lane has run
# out. While nothing is open in that lane it costs a look at its watermark.
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
    _urgent bigint[] := '{}';
    _by_hand bigint[] := '{}';
    _share int := 0;
    _hand_share int := 0;
    _urgent_walked boolean := false;
    _hand_walked boolean := false;
    _last bigint;
BEGIN
    SELECT c.rank, c.task_id, COALESCE(c.since > now() - make_interval(secs => _trust_seconds), false) AS trusted,
        w.rank AS mark,
        h.rank AS hand_rank, h.task_id AS hand_task,
        COALESCE(h.since > now() - make_interval(secs => _trust_seconds), false) AS hand_trusted,
        COALESCE(v.rank, 'Infinity') AS hand_mark,
        u.rank AS urgent_rank, u.task_id AS urgent_task,
        COALESCE(u.since > now() - make_interval(secs => LEAST(_trust_seconds, 5)), false) AS urgent_trusted,
        COALESCE(x.rank, 'Infinity') AS urgent_mark,
        h.lane IS NOT NULL AND NOT h.is_next AS drawn_next, COALESCE(h.is_next, x.rank < 'Infinity', false) AS hand_next,
        EXISTS (SELECT 1 FROM annotations_guard g
                WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4) AS has_left,
        (SELECT r.id FROM annotations_rubricversion r
         WHERE r.project_id = _project ORDER BY r.version DESC LIMIT 1) AS rubric
    INTO _at
    FROM annotations_watermark w
    LEFT JOIN annotations_watermark v ON v.project_id = w.project_id AND v.stage = 1 AND v.lane = 2
    LEFT JOIN annotations_watermark x ON x.project_id = w.project_id AND x.stage = 1 AND x.lane = 1001
    LEFT JOIN annotations_claimcursor c ON c.reviewer_id = _reviewer AND c.project_id = w.project_id AND c.lane = 1
    LEFT JOIN annotations_claimcursor h ON h.reviewer_id = _reviewer AND h.project_id = w.project_id AND h.lane = 2
    LEFT JOIN annotations_claimcursor u ON u.reviewer_id = _reviewer AND u.project_id = w.project_id AND u.lane = 1001
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
    IF _wanted > 0 THEN
        _share := (_wanted + _at.hand_next::int) / 2;
    END IF;
    IF _share > 0 AND _at.urgent_mark < 'Infinity' THEN
        IF _at.urgent_trusted THEN
            _urgent := queue_pick(_project, _reviewer, 1001, _share, _at.urgent_rank, _at.urgent_task, _chosen);
        ELSE
            _urgent := queue_pick(_project, _reviewer, 1001, _share, _at.urgent_mark, 0, _chosen);
            _urgent_walked := true;
        END IF;
    END IF;
    _hand_share := _share - cardinality(_urgent);
    IF _hand_share > 0 AND _at.hand_mark < 'Infinity' THEN
        IF _at.hand_trusted THEN
            _by_hand := queue_pick(_project, _reviewer, 2, _hand_share, _at.hand_rank, _at.hand_task, _chosen);
        ELSE
            _by_hand := queue_pick(_project, _reviewer, 2, _hand_share, _at.hand_mark, 0, _chosen);
            _hand_walked := true;
        END IF;
    END IF;
    _wanted := _wanted - cardinality(_urgent) - cardinality(_by_hand);
    IF _wanted > 0 AND _at.trusted THEN
        _ahead := queue_pick(_project, _reviewer, 1, _wanted, _at.rank, _at.task_id, _chosen);
        _wanted := _wanted - cardinality(_ahead);
    END IF;
    IF _wanted > 0 THEN
        _behind := queue_pick(_project, _reviewer, 1, _wanted, _at.mark, 0, _chosen || _ahead);
        _wanted := _wanted - cardinality(_behind);
    END IF;
    IF _wanted > 0 AND _at.urgent_mark < 'Infinity' AND NOT (_urgent_walked AND cardinality(_urgent) < _share) THEN
        _urgent := _urgent
            || queue_pick(_project, _reviewer, 1001, _wanted, _at.urgent_mark, 0, _chosen || _urgent);
        _urgent_walked := true;
        _wanted := _count - cardinality(_chosen || _urgent || _by_hand || _ahead || _behind);
    END IF;
    IF _wanted > 0 AND _at.hand_mark < 'Infinity' AND NOT (_hand_walked AND cardinality(_by_hand) < _hand_share) THEN
        _by_hand := _by_hand
            || queue_pick(_project, _reviewer, 2, _wanted, _at.hand_mark, 0, _chosen || _by_hand);
        _hand_walked := true;
    END IF;
    SELECT _chosen || COALESCE(array_agg(id ORDER BY nth, (lane = 2) <> _at.hand_next), '{}') INTO _chosen FROM (
        SELECT id, nth, 1 AS lane FROM unnest(_ahead || _behind) WITH ORDINALITY AS e (id, nth)
        UNION ALL
        SELECT id, nth, 2 AS lane FROM unnest(_urgent || _by_hand) WITH ORDINALITY AS h (id, nth)) all_lanes;
    _last := _chosen[cardinality(_chosen)];
    IF _urgent_walked OR _urgent <> '{}' THEN
        INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since, is_next)
        SELECT _reviewer, _project, 1001, COALESCE(t.rank, 'Infinity'), COALESCE(t.id, 0), now(), false
        FROM (SELECT _urgent[cardinality(_urgent)] AS id) l LEFT JOIN annotations_task t ON t.id = l.id
        ON CONFLICT (reviewer_id, project_id, lane) DO UPDATE
            SET rank = EXCLUDED.rank, task_id = EXCLUDED.task_id,
                since = CASE WHEN _urgent_walked THEN EXCLUDED.since ELSE annotations_claimcursor.since END;
    END IF;
    IF (LEAST(_at.hand_mark, _at.urgent_mark) < 'Infinity' OR _at.drawn_next)
        AND (_hand_walked OR _last = ANY (_ahead || _behind || _urgent || _by_hand))
    THEN
        INSERT INTO annotations_claimcursor (reviewer_id, project_id, lane, rank, task_id, since, is_next)
        VALUES (_reviewer, _project, 2, 0, 0, '-infinity', false) ON CONFLICT DO NOTHING;
        UPDATE annotations_claimcursor c
        SET is_next = CASE WHEN _last = ANY (_ahead || _behind) THEN true
                           WHEN _last = ANY (_urgent || _by_hand) THEN false ELSE c.is_next END,
            (rank, task_id) = (
                SELECT t.rank, t.id FROM annotations_task t WHERE t.id = _by_hand[cardinality(_by_hand)]
                UNION ALL
                SELECT CASE WHEN _hand_walked THEN extract(epoch FROM now())::float8 ELSE c.rank END,
                    CASE WHEN _hand_walked THEN 0 ELSE c.task_id END
                WHERE _by_hand = '{}'),
            since = CASE WHEN _hand_walked THEN now() ELSE c.since END
        WHERE c.reviewer_id = _reviewer AND c.project_id = _project AND c.lane = 2;
    END IF;
"""
_BEFORE = import_module("annotations.migrations.0009_two_lanes").TAKE
_LEASING = "    IF _chosen = '{}' THEN\n        RETURN _chosen;\n    END IF;\n"
_LANE = models.SmallIntegerField(choices=[(1, "Estimation"), (2, "Chosen by hand"), (1001, "Urgent")])


def take() -> str:
    """Return `queue_take`, which leases what it has chosen as it did before."""
    _, leasing, rest = _BEFORE.partition(_LEASING)
    return TAKE + leasing + rest


class Migration(migrations.Migration):
    dependencies = [("annotations", "0030_judge_watch")]

    operations = [
        migrations.AlterField(model_name="claimcursor", name="lane", field=_LANE.clone()),
        migrations.AlterField(model_name="watermark", name="lane", field=_LANE.clone()),
        migrations.AlterField(
            model_name="task",
            name="lane",
            field=models.SmallIntegerField(
                choices=[(1, "Estimation"), (2, "Chosen by hand"), (1001, "Urgent")], default=1
            ),
        ),
        migrations.RunSQL(take(), _BEFORE),
    ]
