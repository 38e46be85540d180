"""Storing a label and handing out the next tasks in one statement, and a claim in one: half the round trips.

They only call the functions of 0004, 0006 and 0009, in the order in which they were called one by one. Each call is a
statement of its own that sees what was committed before it began. Items are joined by the caller, who knows what this
reviewer may see of them. 31250 is the class of the reviewers' turns.
"""

from django.db import migrations

HANDED_OUT = """nth bigint, task_id bigint, item_id bigint, token uuid, expires_at timestamptz, rubric_id bigint,
    answers jsonb, comment text, reason text"""

# One row without a task where nothing is handed out: the label is told of in any case.
SUBMIT = f"""
CREATE FUNCTION queue_submit(_project bigint, _task bigint, _item bigint, _reviewer bigint, _name text, _rubric bigint,
    _answers text, _comment text, _duration bigint, _submit text, _now timestamptz, _token_id bigint, _digest text,
    _request_id text, _details text, _count int, _lease_seconds float8, _prefetch_seconds float8,
    _trust_seconds float8, _on_screen boolean)
RETURNS TABLE (label_id bigint, is_surplus boolean, {HANDED_OUT})
LANGUAGE plpgsql ROWS 3 AS $$
#variable_conflict use_column
DECLARE
    _stored record;
    _next bigint[] := '{{}}';
BEGIN
    SELECT s.label_id, s.is_surplus INTO _stored
    FROM queue_store(_project, _task, _item, _reviewer, _name, _rubric, _answers, _comment, _duration, _submit, _now,
        _token_id, _digest, _request_id, _details) s;
    IF _count > 0 AND NOT _stored.is_surplus THEN
        _next := queue_take(_project, _reviewer, _count, _lease_seconds, _prefetch_seconds, _trust_seconds, _submit,
            _on_screen);
    END IF;
    IF _next = '{{}}' THEN
        label_id := _stored.label_id;
        is_surplus := _stored.is_surplus;
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT _stored.label_id, _stored.is_surplus, l.* FROM queue_leased(_reviewer, _next) l;
END $$;
"""

# The turn, the tasks, and the seats as the claim leaves them. One row without a task where there is nothing to hand out.
CLAIM = f"""
CREATE FUNCTION queue_claim(_project bigint, _reviewer bigint, _count int, _lease_seconds float8,
    _prefetch_seconds float8, _trust_seconds float8)
RETURNS TABLE (has_rubric boolean, open bigint, leased bigint, done bigint, {HANDED_OUT})
LANGUAGE plpgsql ROWS 3 AS $$
#variable_conflict use_column
DECLARE
    _next bigint[];
    _seats record;
BEGIN
    PERFORM pg_advisory_xact_lock(31250, mod(_reviewer, 2147483648)::int);
    _next := queue_take(_project, _reviewer, _count, _lease_seconds, _prefetch_seconds, _trust_seconds, NULL, false);
    SELECT COALESCE(sum(c.open), 0)::bigint AS open, COALESCE(sum(c.leased), 0)::bigint AS leased,
        COALESCE(sum(c.done), 0)::bigint AS done
    INTO _seats FROM annotations_queuecounter c WHERE c.project_id = _project AND c.stage = 1;
    IF _next IS NULL OR _next = '{{}}' THEN
        has_rubric := _next IS NOT NULL;
        open := _seats.open;
        leased := _seats.leased;
        done := _seats.done;
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT true, _seats.open, _seats.leased, _seats.done, l.* FROM queue_leased(_reviewer, _next) l;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0011_label_of_item")]

    operations = [
        migrations.RunSQL(
            SUBMIT,
            "DROP FUNCTION queue_submit(bigint, bigint, bigint, bigint, text, bigint, text, text, bigint, text,"
            " timestamptz, bigint, text, text, text, int, float8, float8, float8, boolean)",
        ),
        migrations.RunSQL(CLAIM, "DROP FUNCTION queue_claim(bigint, bigint, int, float8, float8, float8)"),
    ]
