"""Whose token is it, and as what in its project: asked by every call of a program, so planned once a connection."""

from django.db import migrations

# Whole rows, so that the function need not change when a table gains a column.
FIND = """
CREATE FUNCTION accounts_find_token(_public_id text, _now timestamptz)
RETURNS TABLE (token accounts_apitoken, person accounts_user, role text, project accounts_project)
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT t, u, m.role::text, p
    FROM accounts_apitoken t JOIN accounts_user u ON u.id = t.user_id
    LEFT JOIN accounts_membership m ON m.user_id = t.user_id AND m.project_id = t.project_id
    LEFT JOIN accounts_project p ON p.id = m.project_id
    WHERE t.public_id = _public_id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > _now);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_reveal_after_commit")]

    operations = [migrations.RunSQL(FIND, "DROP FUNCTION accounts_find_token(text, timestamptz)")]
