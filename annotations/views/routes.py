"""Where this stage's pages stand."""

from django.urls import URLPattern, path

from annotations.views import settings
from annotations.views.home import home
from annotations.views.overview import overview
from annotations.views.review import guidelines, review, signed_in_again

page_routes: list[URLPattern] = [
    path("", home, name="home"),
    path("signed-in", signed_in_again, name="signed_in_again"),
    path("p/<slug:slug>/", overview, name="project_overview"),
    path("p/<slug:slug>/review", review, name="review"),
    path("p/<slug:slug>/review/guidelines", guidelines, name="review_guidelines"),
    path("p/<slug:slug>/settings", settings.project_settings, name="project_settings"),
    path("p/<slug:slug>/settings/project", settings.save_project, name="save_project"),
    path("p/<slug:slug>/settings/people", settings.save_member, name="save_member"),
    path("p/<slug:slug>/settings/people/remove", settings.remove_member, name="remove_member"),
    path("p/<slug:slug>/settings/invitations", settings.save_invitation, name="save_invitation"),
    path(
        "p/<slug:slug>/settings/invitations/<int:invitation_id>/revoke",
        settings.revoke_invitation,
        name="revoke_invitation",
    ),
    path("p/<slug:slug>/settings/tokens", settings.save_token, name="save_token"),
    path("p/<slug:slug>/settings/tokens/<int:token_id>/revoke", settings.revoke_token, name="revoke_token"),
    path("p/<slug:slug>/settings/plan", settings.save_plan, name="save_plan"),
    path("p/<slug:slug>/settings/rubric", settings.save_rubric, name="save_rubric"),
]
