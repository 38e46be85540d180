"""Golds: how a project serves them."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_skills'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='gold_feedback',
            field=models.CharField(choices=[('none', 'Never'), ('after_each', 'After each gold'), ('daily', 'The day after')], db_default='none', default='none', max_length=16),
        ),
        migrations.AddField(
            model_name='project',
            name='gold_minimum',
            field=models.FloatField(db_default=0.7, default=0.7, validators=[django.core.validators.MinValueValidator(0.05), django.core.validators.MaxValueValidator(0.99)]),
        ),
        migrations.AddField(
            model_name='project',
            name='gold_rate',
            field=models.FloatField(db_default=0.05, default=0.05, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(0.5)]),
        ),
    ]
