"""What must never happen to frozen versions, and what erasing a person may still empty."""

from django.db import migrations

# A row loses its content when its person is erased, once; its place, id and hash stay.
ROWS = """
CREATE FUNCTION dataset_row_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL
        AND (NEW.version_id, NEW.position, NEW.external_id, NEW.item_id, NEW.split, NEW.origin, NEW.sha256)
            IS NOT DISTINCT FROM
            (OLD.version_id, OLD.position, OLD.external_id, OLD.item_id, OLD.split, OLD.origin, OLD.sha256)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'annotations_datasetrow is frozen: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'annotations_datasetrow_frozen';
END $$;
CREATE TRIGGER dataset_row_frozen BEFORE UPDATE ON annotations_datasetrow
    FOR EACH ROW EXECUTE FUNCTION dataset_row_only_erased();
CREATE TRIGGER dataset_row_append_only BEFORE DELETE ON annotations_datasetrow
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
ROWS_BACK = """
DROP TRIGGER dataset_row_append_only ON annotations_datasetrow;
DROP TRIGGER dataset_row_frozen ON annotations_datasetrow;
DROP FUNCTION dataset_row_only_erased();
"""
VERSIONS = """
CREATE FUNCTION dataset_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'frozen' AND
        (NEW.id, NEW.dataset_id, NEW.version, NEW.state, NEW.recipe, NEW.manifest, NEW.sha256, NEW.n_rows, NEW.frozen_at)
        IS DISTINCT FROM
        (OLD.id, OLD.dataset_id, OLD.version, OLD.state, OLD.recipe, OLD.manifest, OLD.sha256, OLD.n_rows, OLD.frozen_at)
    THEN
        RAISE EXCEPTION 'a frozen version of a dataset does not change'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'annotations_datasetversion_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dataset_version_frozen BEFORE UPDATE ON annotations_datasetversion
    FOR EACH ROW EXECUTE FUNCTION dataset_version_stays();
CREATE TRIGGER dataset_version_append_only BEFORE DELETE ON annotations_datasetversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
VERSIONS_BACK = """
DROP TRIGGER dataset_version_append_only ON annotations_datasetversion;
DROP TRIGGER dataset_version_frozen ON annotations_datasetversion;
DROP FUNCTION dataset_version_stays();
"""


# Labels and escalations of an erased item lose what repeats its texts; those of any other item change as little as ever.
ERASED = """
DROP TRIGGER label_only_ends ON annotations_label;
CREATE TRIGGER label_only_ends BEFORE UPDATE ON annotations_label
    FOR EACH ROW WHEN (NOT item_is_erased(OLD.item_id)) EXECUTE FUNCTION label_only_ends();
DROP TRIGGER escalation_append_only ON annotations_escalation;
CREATE TRIGGER escalation_append_only BEFORE UPDATE OR DELETE ON annotations_escalation
    FOR EACH ROW WHEN (NOT item_is_erased(OLD.item_id)) EXECUTE FUNCTION refuse_change();
"""
ERASED_BACK = """
DROP TRIGGER label_only_ends ON annotations_label;
CREATE TRIGGER label_only_ends BEFORE UPDATE ON annotations_label
    FOR EACH ROW EXECUTE FUNCTION label_only_ends();
DROP TRIGGER escalation_append_only ON annotations_escalation;
CREATE TRIGGER escalation_append_only BEFORE UPDATE OR DELETE ON annotations_escalation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0017_datasets"), ("sampling", "0013_erased_items"), ("audit", "0002_append_only")]

    operations = [
        migrations.RunSQL(ROWS, ROWS_BACK),
        migrations.RunSQL(VERSIONS, VERSIONS_BACK),
        migrations.RunSQL(ERASED, ERASED_BACK),
    ]
