"""The chain behind the events: seals, checkpoints, and where the sealer looks from."""

from django.db import migrations, models

TRIGGERS = """
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_auditseal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE ON audit_auditcheckpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_no_truncate BEFORE TRUNCATE ON audit_auditcheckpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("position", models.BigIntegerField(unique=True)),
                ("sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("previous_sha256", models.CharField(max_length=64)),
                ("sha256", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSealer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed_below", models.BigIntegerField(default=0)),
                ("seen_to", models.BigIntegerField(default=0)),
                ("seen_at_transaction", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(
            TRIGGERS,
            "DROP TRIGGER audit_seal_append_only ON audit_auditseal;"
            "DROP TRIGGER audit_seal_no_truncate ON audit_auditseal;"
            "DROP TRIGGER audit_checkpoint_append_only ON audit_auditcheckpoint;"
            "DROP TRIGGER audit_checkpoint_no_truncate ON audit_auditcheckpoint",
        ),
    ]
