"""What a project may spend in a day and in a month."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('accounts', '0005_project_secrets'),
        ('sampling', '0015_operations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('daily_usd', models.FloatField(null=True)),
                ('monthly_usd', models.FloatField(null=True)),
                ('set_at', models.DateTimeField()),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.project')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['project', '-id'], name='budget_by_project')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('daily_usd__isnull', True), ('daily_usd__gt', 0), _connector='OR'), models.Q(('monthly_usd__isnull', True), ('monthly_usd__gt', 0), _connector='OR')), name='budget_is_above_zero')],
            },
        ),
    ]
