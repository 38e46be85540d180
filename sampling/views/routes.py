"""Where this stage's pages stand."""

from django.urls import URLPattern, path

from sampling.api.external_ids import register
from sampling.views import alerts, checks, drift, masking, operations, plan, saved_views
from sampling.views.filter_field import filter_facts
from sampling.views.item import item, item_by_name
from sampling.views.items import count, items
from sampling.views.uploads import (
    upload,
    upload_bad_lines,
    upload_end,
    upload_preview,
    upload_progress,
    uploads,
)

register()
page_routes: list[URLPattern] = [
    path("p/<slug:slug>/filter-facts", filter_facts, name="filter_facts"),
    path("p/<slug:slug>/items", items, name="items"),
    path("p/<slug:slug>/uploads", uploads, name="uploads"),
    path("p/<slug:slug>/uploads/<int:upload_id>", upload, name="upload"),
    path("p/<slug:slug>/uploads/<int:upload_id>/preview", upload_preview, name="upload_preview"),
    path("p/<slug:slug>/uploads/<int:upload_id>/progress", upload_progress, name="upload_progress"),
    path("p/<slug:slug>/uploads/<int:upload_id>/end", upload_end, name="upload_end"),
    path("p/<slug:slug>/uploads/<int:upload_id>/refused", upload_bad_lines, name="upload_bad_lines"),
    path("p/<slug:slug>/item-count", count, name="item_count"),
    path("p/<slug:slug>/item-views", saved_views.save, name="save_view"),
    path("p/<slug:slug>/item-views/<int:view_id>", saved_views.change, name="change_view"),
    path("p/<slug:slug>/item-views/<int:view_id>/delete", saved_views.delete, name="delete_view"),
    path("p/<slug:slug>/item", item_by_name, name="item_by_name"),
    path("p/<slug:slug>/items/<external_id:external_id>", item, name="item"),
    path("p/<slug:slug>/settings/checks", checks.checks, name="checks"),
    path("p/<slug:slug>/settings/checks/try", checks.try_out, name="try_check"),
    path("p/<slug:slug>/settings/checks/save", checks.save_check, name="save_check"),
    path("p/<slug:slug>/settings/checks/remove", checks.remove_check, name="remove_check"),
    path("p/<slug:slug>/settings/checks/stored", checks.recheck, name="recheck"),
    path("p/<slug:slug>/settings/masking", masking.masking, name="masking"),
    path("p/<slug:slug>/settings/masking/try", masking.try_masking, name="try_masking"),
    path("p/<slug:slug>/originals", masking.reveal, name="reveal_originals"),
    path("p/<slug:slug>/settings/alerts", alerts.alerts, name="alerts"),
    path("p/<slug:slug>/settings/alerts/add", alerts.save_channel, name="save_channel"),
    path("p/<slug:slug>/settings/alerts/budget", alerts.save_budget, name="save_budget"),
    path("p/<slug:slug>/settings/alerts/<int:channel_id>/test", alerts.try_channel, name="try_channel"),
    path("p/<slug:slug>/settings/alerts/<int:channel_id>/remove", alerts.remove_channel, name="remove_channel"),
    path("p/<slug:slug>/operations", operations.operations, name="operations"),
    path("p/<slug:slug>/operations/compare", drift.compare, name="compare_traffic"),
    path("p/<slug:slug>/operations/baseline", drift.save_baseline, name="save_baseline"),
    path("p/<slug:slug>/operations/drift/<int:finding_id>/accept", drift.accept, name="accept_drift"),
    path("p/<slug:slug>/operations/count", operations.count_again, name="count_again"),
    path("p/<slug:slug>/plan", plan.plan_page, name="plan"),
    path("p/<slug:slug>/plan/change", plan.change_plan, name="change_plan"),
    path("p/<slug:slug>/plan/preview", plan.preview_fragment, name="plan_preview"),
    path("p/<slug:slug>/plan/top-up", plan.top_up, name="plan_top_up"),
    path("p/<slug:slug>/plan/salt", plan.reveal_salt, name="plan_salt"),
]
