"""Tests of people, projects and what each may do."""
