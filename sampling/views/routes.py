"""Where this stage's pages stand."""

from django.urls import URLPattern, path

from sampling.views.filter_field import filter_facts

page_routes: list[URLPattern] = [
    path("p/<slug:slug>/filter-facts", filter_facts, name="filter_facts"),
]
