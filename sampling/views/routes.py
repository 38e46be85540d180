"""Where this stage's pages stand."""

from django.urls import URLPattern

page_routes: list[URLPattern] = []
