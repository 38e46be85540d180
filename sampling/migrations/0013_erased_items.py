"""Items may be emptied once, when a person asks for erasure; what is left keeps its place and its id."""

from django.db import migrations, models

# The only change that an item ever sees: its content goes, and the moment is written down.
ITEMS = """
CREATE FUNCTION item_is_erased(item bigint) RETURNS boolean LANGUAGE sql STABLE AS
    'SELECT EXISTS (SELECT FROM sampling_item WHERE id = item AND erased_at IS NOT NULL)';
CREATE FUNCTION item_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL
        AND (NEW.id, NEW.project_id, NEW.external_id, NEW.received_at, NEW.sampling_probability)
            IS NOT DISTINCT FROM (OLD.id, OLD.project_id, OLD.external_id, OLD.received_at, OLD.sampling_probability)
        AND NEW.input = 'null'::jsonb AND NEW.output IS NULL AND NEW.context IS NULL AND NEW.steps IS NULL
        AND NEW.user_ref IS NULL AND NEW.session_ref IS NULL AND NEW.metadata = '{}'::jsonb
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'sampling_item is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'sampling_item_append_only';
END $$;
DROP TRIGGER sampling_item_append_only ON sampling_item;
CREATE TRIGGER sampling_item_append_only BEFORE DELETE ON sampling_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sampling_item_only_erased BEFORE UPDATE ON sampling_item
    FOR EACH ROW EXECUTE FUNCTION item_only_erased();
"""
ITEMS_BACK = """
DROP TRIGGER sampling_item_only_erased ON sampling_item;
DROP TRIGGER sampling_item_append_only ON sampling_item;
CREATE TRIGGER sampling_item_append_only BEFORE UPDATE OR DELETE ON sampling_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION item_only_erased();
DROP FUNCTION item_is_erased(bigint);
"""
FEEDBACK = """
DROP TRIGGER sampling_feedback_append_only ON sampling_feedback;
CREATE TRIGGER sampling_feedback_append_only BEFORE UPDATE OR DELETE ON sampling_feedback
    FOR EACH ROW WHEN (NOT item_is_erased(OLD.item_id)) EXECUTE FUNCTION refuse_change();
"""
FEEDBACK_BACK = """
DROP TRIGGER sampling_feedback_append_only ON sampling_feedback;
CREATE TRIGGER sampling_feedback_append_only BEFORE UPDATE OR DELETE ON sampling_feedback
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("sampling", "0012_draws_for_estimates")]

    operations = [
        migrations.AddField(model_name="item", name="erased_at", field=models.DateTimeField(null=True)),
        migrations.RunSQL(ITEMS, ITEMS_BACK),
        migrations.RunSQL(FEEDBACK, FEEDBACK_BACK),
    ]
