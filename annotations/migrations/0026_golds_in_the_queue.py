"""Golds among the tasks that are handed out, and their labels marked and kept out of the counters.

The numbers are those of 0004 and `Stage.GOLD` (3), `PauseState.CONFIRMED` (2), `GuardState.LEFT` (4). `queue_serve`
stands before `queue_take` and leaves it as it is. The old `queue_submit` and `queue_claim` stay for web processes of the
version before; they hand out no golds.
"""

from importlib import import_module

from django.db import migrations

# The number of a place or an item in a salt's order: SHA-256 of salt, 0x1F and name, its first 53 bits as a fraction.
# As `reviewapp.stats.sampling.hash_numbers` computes it.
NUMBER = r"""
CREATE FUNCTION queue_gold_number(_salt text, _name text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (('x' || left(encode(sha256(convert_to(_salt || E'\x1f' || _name, 'UTF8')), 'hex'), 16))::bit(64) >> 11)
        ::bigint / 9007199254740992.0::float8
$$;
"""

# The golds that a reviewer may still be asked, in the order that the salt gives them for this person. Nobody is asked
# twice, nor whoever labelled or decided the item.
PICK = """
CREATE FUNCTION queue_pick_golds(_project bigint, _reviewer bigint, _count int, _salt text)
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN COALESCE((
        SELECT array_agg(f.id ORDER BY f.number) FROM (
            SELECT t.id, queue_gold_number(_salt, _reviewer || ':gold:' || d.item_id) AS number
            FROM annotations_gold d JOIN annotations_task t ON t.id = d.task_id
            WHERE d.project_id = _project AND d.retired_at IS NULL AND t.is_open AND d.added_by_id <> _reviewer
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL
              AND NOT EXISTS (SELECT 1 FROM annotations_label b WHERE b.project_id = _project
                  AND b.item_id = d.item_id AND b.reviewer_id = _reviewer
                  AND b.withdrawn_at IS NULL AND b.superseded_by_id IS NULL)
              AND NOT EXISTS (SELECT 1 FROM annotations_adjudication a WHERE a.project_id = _project
                  AND a.item_id = d.item_id AND a.adjudicator_id = _reviewer)
            ORDER BY number LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f), '{}');
END $$;
"""

# Where a project has no golds, nobody is paused either. Where it has, each place in the order of a reviewer's tasks
# draws whether a gold stands there: at three times the rate for the first twenty. A gold takes the place of an
# ordinary task, so it is only given where there is one, too. Unfinished golds come back as unfinished tasks do.
SERVE = """
CREATE FUNCTION queue_serve(_project bigint, _reviewer bigint, _count int, _lease_seconds float8,
    _prefetch_seconds float8, _trust_seconds float8, _submit text, _on_screen boolean, _gold_rate float8,
    _gold_salt text)
RETURNS bigint[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    _golds bigint[] := '{}';
    _places int[] := '{}';
    _ordinary bigint[] := '{}';
    _given bigint;
    _rubric bigint;
    _unfinished boolean;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM annotations_gold d WHERE d.project_id = _project) THEN
        RETURN queue_take(_project, _reviewer, _count, _lease_seconds, _prefetch_seconds, _trust_seconds, _submit,
            _on_screen);
    END IF;
    IF EXISTS (SELECT 1 FROM annotations_goldpause p
               WHERE p.project_id = _project AND p.reviewer_id = _reviewer AND p.state = 2) THEN
        RETURN '{}';
    END IF;
    SELECT EXISTS (SELECT 1 FROM annotations_guard g
                   WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4) INTO _unfinished;
    IF _unfinished THEN
        SELECT COALESCE(array_agg(f.id), '{}') INTO _golds FROM (
            SELECT t.id FROM annotations_guard g JOIN annotations_task t ON t.id = g.task_id
            WHERE g.reviewer_id = _reviewer AND g.project_id = _project AND g.state = 4 AND t.is_open AND t.stage = 3
            ORDER BY g.at LIMIT _count
            FOR NO KEY UPDATE OF t SKIP LOCKED) f;
        SELECT COALESCE(array_agg(n), '{}') INTO _places FROM generate_series(1, cardinality(_golds)) n;
    ELSIF _gold_rate > 0 THEN
        SELECT c.given INTO _given FROM annotations_goldturn c
        WHERE c.reviewer_id = _reviewer AND c.project_id = _project;
        IF _given IS NULL THEN
            SELECT count(*) INTO _given FROM (
                SELECT 1 FROM annotations_label b
                WHERE b.reviewer_id = _reviewer AND b.project_id = _project LIMIT 20) before;
        END IF;
        SELECT COALESCE(array_agg(n ORDER BY n), '{}') INTO _places FROM generate_series(1, _count) n
        WHERE queue_gold_number(_gold_salt, _reviewer || ':' || (_given + n))
            < CASE WHEN _given + n <= 20 THEN LEAST(GREATEST(0.5, _gold_rate), 3 * _gold_rate) ELSE _gold_rate END;
        IF _places <> '{}' THEN
            _golds := queue_pick_golds(_project, _reviewer, cardinality(_places), _gold_salt);
            _places := _places[1:cardinality(_golds)];
        END IF;
        -- Nothing but golds: is there an ordinary task behind the cursor that they stand in for?
        IF cardinality(_golds) = _count AND NOT EXISTS (
            SELECT 1 FROM annotations_watermark w
            LEFT JOIN annotations_claimcursor c
                ON c.reviewer_id = _reviewer AND c.project_id = w.project_id AND c.lane = w.lane
            JOIN annotations_task t ON t.project_id = w.project_id AND t.stage = w.stage AND mod(t.lane, 2) = mod(w.lane, 2)
                AND t.is_open AND t.rank >= GREATEST(w.rank, c.rank)
            WHERE w.project_id = _project AND w.stage = 1
              AND (SELECT 1 FROM annotations_guard g WHERE g.reviewer_id = _reviewer AND g.task_id = t.id) IS NULL)
        THEN
            _golds := '{}';
            _places := '{}';
        END IF;
    END IF;
    IF cardinality(_golds) < _count THEN
        _ordinary := queue_take(_project, _reviewer, _count - cardinality(_golds), _lease_seconds, _prefetch_seconds,
            _trust_seconds, _submit, _on_screen OR 1 = ANY (_places));
        IF _ordinary IS NULL THEN
            RETURN NULL;
        END IF;
        IF _ordinary = '{}' AND NOT _unfinished THEN
            RETURN '{}';
        END IF;
    END IF;
    IF NOT _unfinished AND _gold_rate > 0 AND cardinality(_golds) + cardinality(_ordinary) > 0 THEN
        INSERT INTO annotations_goldturn AS c (reviewer_id, project_id, given)
        VALUES (_reviewer, _project, _given + cardinality(_golds) + cardinality(_ordinary))
        ON CONFLICT (reviewer_id, project_id) DO UPDATE SET given = EXCLUDED.given;
    END IF;
    IF _golds = '{}' THEN
        RETURN _ordinary;
    END IF;
    SELECT r.id INTO _rubric FROM annotations_rubricversion r
    WHERE r.project_id = _project ORDER BY r.version DESC LIMIT 1;
    WITH numbered AS MATERIALIZED (
        SELECT g.id, g.place = 1 AND NOT _on_screen AS first, gen_random_uuid() AS token
        FROM unnest(_golds, _places) AS g (id, place)
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
    RETURN (
        SELECT array_agg(id ORDER BY place) FROM (
            SELECT id, place FROM unnest(_golds, _places) AS g (id, place)
            UNION ALL
            SELECT o.id, free.place
            FROM unnest(_ordinary) WITH ORDINALITY AS o (id, nth)
            JOIN (SELECT n AS place, row_number() OVER (ORDER BY n) AS nth
                  FROM generate_series(1, _count) n WHERE n <> ALL (_places)) free ON free.nth = o.nth) placed);
END $$;
"""

_SOURCE = "CASE WHEN (SELECT t.stage FROM annotations_task t WHERE t.id = _task) = 3 THEN 'gold' ELSE 'queue' END"
_GOLDS = ", _gold_rate float8, _gold_salt text)\nRETURNS TABLE"


def _of(name: str, function: str) -> str:
    text: str = getattr(import_module(f"annotations.migrations.{name}"), function)
    return text


def store() -> str:
    """Return `queue_store` of 0006, which marks labels of golds and counts only seats of review."""
    return (
        _of("0006_label_details", "STORE")
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        .replace("_submit, 'queue',", f"_submit, {_SOURCE},")
        .replace("RETURNING had.lease,", "RETURNING t.stage, had.lease,")
        .replace("FROM seat WHERE c.project_id", "FROM seat WHERE seat.stage = 1 AND c.project_id")
    )


def _serving(function: str, last: str) -> str:
    """Return a function of 0012 that serves golds, too; `last` are the last arguments of its call of `queue_take`."""
    return (
        _of("0012_one_statement", function)
        .replace(")\nRETURNS TABLE", _GOLDS)
        .replace("queue_take(", "queue_serve(")
        .replace(f"{last});", f"{last}, _gold_rate, _gold_salt);")
    )


_SUBMIT = (
    "bigint, bigint, bigint, bigint, text, bigint, text, text, bigint, text, timestamptz, bigint, text, text, text,"
    " int, float8, float8, float8, boolean"
)


class Migration(migrations.Migration):
    dependencies = [("annotations", "0025_golds")]

    operations = [
        migrations.RunSQL(NUMBER, "DROP FUNCTION queue_gold_number(text, text)"),
        migrations.RunSQL(PICK, "DROP FUNCTION queue_pick_golds(bigint, bigint, int, text)"),
        migrations.RunSQL(
            SERVE,
            "DROP FUNCTION queue_serve(bigint, bigint, int, float8, float8, float8, text, boolean, float8, text)",
        ),
        migrations.RunSQL(
            store(),
            _of("0006_label_details", "STORE").replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
        ),
        migrations.RunSQL(_serving("SUBMIT", "_on_screen"), f"DROP FUNCTION queue_submit({_SUBMIT}, float8, text)"),
        migrations.RunSQL(
            _serving("CLAIM", "NULL, false"),
            "DROP FUNCTION queue_claim(bigint, bigint, int, float8, float8, float8, float8, text)",
        ),
    ]
