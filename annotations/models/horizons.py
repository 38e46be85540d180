"""How far the giving up of old work has come in a project."""

from django.db import models

from reviewapp.accounts.models import Project


class Horizon(models.Model):
    """Work on items that arrived before `until` is given up; tasks of items below `before` need no further look.

    `waits` says that some of it is still leased. `given_up` counts the tasks that were closed so far.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, primary_key=True, related_name="+")
    until = models.DateTimeField()
    before = models.BigIntegerField(default=0)
    waits = models.BooleanField(default=False)
    given_up = models.BigIntegerField(default=0)
