"""Full-text search beside the items: what is searchable of each, and which items are not searchable yet."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

# Texts as words of no language. Marks that the parser would take for parts of addresses, paths, numbers and tags part
# words, so that an order's number is found with and without what stands before it; and each character of the scripts
# that write without spaces is a word, so that any run of them is found as a phrase.
TEXT = r"""
CREATE FUNCTION search_text(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    value := translate(value, '-/.:@<&+', '        ');
    IF octet_length(value) > char_length(value)
        AND value ~ '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff]' THEN
        value := regexp_replace(
            value, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff])',
            ' \1 ', 'g');
    END IF;
    RETURN value;
END $$;
"""

# A part of an item as words: the texts and numbers in it, without the names of keys and the roles of messages. A tsvector
# holds 1 MiB; of a part over 100 kB the first 60,000 characters are searched, which can never be too much.
PART = r"""
CREATE FUNCTION search_part(value jsonb) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    content text;
BEGIN
    CASE jsonb_typeof(value)
        WHEN 'string' THEN content := value #>> '{}';
        WHEN 'array' THEN
            SELECT string_agg(leaf #>> '{}', ' ') INTO content
            FROM jsonb_array_elements(value) e
            CROSS JOIN LATERAL jsonb_path_query(
                CASE jsonb_typeof(e) WHEN 'object' THEN e - 'role' ELSE e END,
                'strict $.** ? (@.type() == "string" || @.type() == "number")') leaf;
        WHEN 'object' THEN
            SELECT string_agg(leaf #>> '{}', ' ') INTO content
            FROM jsonb_path_query(value, 'strict $.** ? (@.type() == "string" || @.type() == "number")') leaf;
        ELSE content := NULL;
    END CASE;
    IF content IS NULL THEN
        RETURN '';
    END IF;
    IF octet_length(content) > 100000 THEN
        content := left(content, 60000);
    END IF;
    RETURN to_tsvector('simple', search_text(content));
END $$;

CREATE FUNCTION search_words(item sampling_item) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(search_part(item.input), 'A') || setweight(search_part(item.output), 'B')
        || CASE WHEN item.context IS NULL THEN '' ELSE setweight(search_part(item.context), 'C') END
$$;
"""

# A value that a fact has, as one word that no text can hold. Numbers are compared as floats, as filters do.
TERM = r"""
CREATE FUNCTION search_term(fact text, value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '=' || left(md5(fact || chr(31) || 's' || value), 12)
$$;
CREATE FUNCTION search_term(fact text, value jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '=' || left(md5(fact || chr(31) || CASE jsonb_typeof(value) WHEN 'string' THEN 's' || (value #>> '{}')
        WHEN 'number' THEN 'n' || (value::float8)::text ELSE value::text END), 12)
$$;
"""

# Whoever stores items says so here in the same statement: an item is searchable or due, at every moment.
DUE = """
CREATE FUNCTION note_search_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sampling_searchdue (project_id, first_id, last_id, items)
    SELECT project_id, min(id), max(id), count(*) FROM stored GROUP BY project_id;
    RETURN NULL;
END $$;
CREATE TRIGGER sampling_item_search_due AFTER INSERT ON sampling_item
    REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION note_search_due();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_and_projects"),
        ("sampling", "0003_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="ItemText",
            fields=[
                ("item", models.OneToOneField(db_constraint=False, on_delete=models.deletion.PROTECT, primary_key=True, related_name="+", serialize=False, to="sampling.item")),
                ("project", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.deletion.PROTECT, related_name="+", to="accounts.project")),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={"indexes": [django.contrib.postgres.indexes.GinIndex(fields=["words"], name="item_words")]},
        ),
        migrations.CreateModel(
            name="SearchDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.deletion.PROTECT, related_name="+", to="accounts.project")),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("items", models.IntegerField()),
            ],
            options={"indexes": [models.Index(fields=["project", "first_id"], name="search_due_by_project")]},
        ),
        migrations.RunSQL(TEXT, "DROP FUNCTION search_text"),
        migrations.RunSQL(PART, "DROP FUNCTION search_words; DROP FUNCTION search_part"),
        migrations.RunSQL(TERM, "DROP FUNCTION search_term(text, text); DROP FUNCTION search_term(text, jsonb)"),
        migrations.RunSQL(DUE, "DROP TRIGGER sampling_item_search_due ON sampling_item; DROP FUNCTION note_search_due"),
    ]
