"""What must never happen to labels, rubrics and leases, as rules of the database."""

from django.db import migrations

RUBRICS = """
CREATE TRIGGER rubric_version_append_only BEFORE UPDATE OR DELETE ON annotations_rubricversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# A label may end once (withdrawn or superseded); nothing else of it ever changes.
LABELS = """
CREATE FUNCTION label_only_ends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended annotations_label := OLD;
BEGIN
    ended.withdrawn_at := NEW.withdrawn_at;
    ended.superseded_by_id := NEW.superseded_by_id;
    IF ended IS DISTINCT FROM NEW OR OLD.withdrawn_at IS NOT NULL OR OLD.superseded_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'a label is append-only: it may end once and change in nothing else'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'annotations_label_append_only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER label_only_ends BEFORE UPDATE ON annotations_label
    FOR EACH ROW EXECUTE FUNCTION label_only_ends();
CREATE TRIGGER label_append_only BEFORE DELETE ON annotations_label
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

LEASES = """
ALTER TABLE annotations_lease ADD CONSTRAINT lease_has_a_guard
    FOREIGN KEY (reviewer_id, task_id) REFERENCES annotations_guard (reviewer_id, task_id);
"""

# Heartbeats and claims must stay heap-only updates; a task row needs room for its next version on its own page.
STORAGE = """
ALTER TABLE annotations_task SET (fillfactor = 85);
ALTER TABLE annotations_lease SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE annotations_queuecounter SET (fillfactor = 30);
ALTER TABLE annotations_claimcursor SET (fillfactor = 50);
ALTER TABLE annotations_watermark SET (fillfactor = 30);
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_rubrics_queue_labels"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(RUBRICS, "DROP TRIGGER rubric_version_append_only ON annotations_rubricversion"),
        migrations.RunSQL(
            LABELS,
            "DROP TRIGGER label_append_only ON annotations_label;"
            "DROP TRIGGER label_only_ends ON annotations_label; DROP FUNCTION label_only_ends()",
        ),
        migrations.RunSQL(LEASES, "ALTER TABLE annotations_lease DROP CONSTRAINT lease_has_a_guard"),
        migrations.RunSQL(
            STORAGE,
            "ALTER TABLE annotations_task RESET (fillfactor); ALTER TABLE annotations_lease RESET (fillfactor)",
        ),
    ]
