"""Where this stage's pages stand."""

from django.urls import URLPattern, path

from annotations.views import (
    adjudicate,
    dataset_version,
    datasets,
    desk,
    errors,
    evaluation,
    evaluations,
    golds,
    judge_playground,
    judge_providers,
    judge_run_form,
    judge_running,
    judge_watch,
    rollout_acts,
    rollouts,
    settings,
    shadow,
)
from annotations.views.disagreements import disagreements
from annotations.views.estimates import estimate_labels, estimates
from annotations.views.home import home
from annotations.views.judge_versions import judge_version
from annotations.views.judges import judges
from annotations.views.label_imports import (
    label_import,
    label_import_end,
    label_import_preview,
    label_import_progress,
    label_import_refused,
    label_imports,
)
from annotations.views.overview import overview
from annotations.views.quality import quality
from annotations.views.review import guidelines, review, signed_in_again
from annotations.views.reviewers import reviewers
from annotations.views.rubric import check_rubric, project_rubric
from annotations.views.second_opinion import second_opinion
from annotations.views.send import send
from annotations.views.slices import slices

page_routes: list[URLPattern] = [
    path("", home, name="home"),
    path("signed-in", signed_in_again, name="signed_in_again"),
    path("p/<slug:slug>/", overview, name="project_overview"),
    path("p/<slug:slug>/review", review, name="review"),
    path("p/<slug:slug>/review/guidelines", guidelines, name="review_guidelines"),
    path("p/<slug:slug>/review/guidelines/read", desk.guidelines_read, name="guidelines_read"),
    path("p/<slug:slug>/review/history", desk.history, name="review_history"),
    path("p/<slug:slug>/review/history/<int:label_id>", desk.past_label, name="past_label"),
    path("p/<slug:slug>/review/history/g<int:grade_id>", desk.past_grade, name="past_grade"),
    path("p/<slug:slug>/review/history/<int:label_id>/reveal", desk.reveal, name="reveal_label"),
    path("p/<slug:slug>/review/unfinished/<int:task_id>", desk.go_on, name="go_on"),
    path("p/<slug:slug>/review/keys", desk.single_keys, name="single_keys"),
    path("p/<slug:slug>/review/outcomes", adjudicate.outcomes, name="outcomes"),
    path("p/<slug:slug>/adjudicate", adjudicate.adjudicate, name="adjudicate"),
    path("p/<slug:slug>/adjudicate/next", adjudicate.next_case, name="next_case"),
    path("p/<slug:slug>/adjudicate/decide", adjudicate.decide, name="decide_case"),
    path("p/<slug:slug>/adjudicate/<int:task_id>/keep", adjudicate.keep, name="keep_case"),
    path("p/<slug:slug>/adjudicate/<int:task_id>/leave", adjudicate.leave, name="leave_case"),
    path("p/<slug:slug>/send-to-review", send, name="send_to_review"),
    path("p/<slug:slug>/quality", quality, name="quality"),
    path("p/<slug:slug>/estimates", estimates, name="estimates"),
    path("p/<slug:slug>/estimates/labels", estimate_labels, name="estimate_labels"),
    path("p/<slug:slug>/quality/slices", slices, name="slices"),
    path("p/<slug:slug>/quality/errors", errors.errors, name="errors"),
    path("p/<slug:slug>/quality/errors/codebook", errors.errors_codebook, name="errors_codebook"),
    path("p/<slug:slug>/quality/errors/groups", errors.errors_groups, name="errors_groups"),
    path("p/<slug:slug>/labels/import", label_imports, name="label_imports"),
    path("p/<slug:slug>/labels/import/<int:upload_id>", label_import, name="label_import"),
    path("p/<slug:slug>/labels/import/<int:upload_id>/preview", label_import_preview, name="label_import_preview"),
    path("p/<slug:slug>/labels/import/<int:upload_id>/progress", label_import_progress, name="label_import_progress"),
    path("p/<slug:slug>/labels/import/<int:upload_id>/end", label_import_end, name="label_import_end"),
    path("p/<slug:slug>/labels/import/<int:upload_id>/refused", label_import_refused, name="label_import_refused"),
    path("p/<slug:slug>/quality/second-opinion", second_opinion, name="second_opinion"),
    path("p/<slug:slug>/quality/disagreements", disagreements, name="disagreements"),
    path("p/<slug:slug>/judges", judges, name="judges"),
    path("p/<slug:slug>/judges/playground", judge_playground.playground, name="judge_playground"),
    path("p/<slug:slug>/judges/providers", judge_providers.judge_providers, name="judge_providers"),
    path("p/<slug:slug>/judges/test", judge_providers.test_call, name="test_judge_provider"),
    path("p/<slug:slug>/judges/budgets", judge_providers.save_budgets, name="save_judge_budgets"),
    path("p/<slug:slug>/judges/runs", judge_running.judge_runs, name="judge_runs"),
    path("p/<slug:slug>/judges/run", judge_run_form.judge_run, name="begin_judge_run"),
    path("p/<slug:slug>/judges/estimate", judge_run_form.judge_estimate, name="judge_estimate"),
    path("p/<slug:slug>/judges/online", judge_run_form.judge_online, name="set_judge_online"),
    path("p/<slug:slug>/judges/change", judge_running.change_run, name="change_judge_run"),
    path("p/<slug:slug>/judges/compare", judge_running.compare, name="compare_judges"),
    path("p/<slug:slug>/judges/flag", judge_watch.take_down, name="take_down_judge_flag"),
    path("p/<slug:slug>/judges/anchors", judge_watch.freeze, name="freeze_judge_anchors"),
    path("p/<slug:slug>/judges/anchors/ask", judge_watch.ask_again, name="ask_judge_anchors"),
    # A judge and its version, either of which may hold a slash; what is no version has one part only.
    path("p/<slug:slug>/judges/<path:name>", judge_version, name="judge_version"),
    path("p/<slug:slug>/datasets", datasets.datasets, name="datasets"),
    path("p/<slug:slug>/datasets/<str:name>", datasets.dataset, name="dataset"),
    path("p/<slug:slug>/datasets/<str:name>/preview", datasets.preview, name="dataset_preview"),
    path("p/<slug:slug>/datasets/<str:name>/freeze", datasets.freeze, name="freeze_dataset"),
    path("p/<slug:slug>/datasets/<str:name>/diff", datasets.diff, name="dataset_diff"),
    path("p/<slug:slug>/datasets/<str:name>/cases", datasets.write_case, name="write_case"),
    path("p/<slug:slug>/datasets/<str:name>/cases/<int:case_id>/withdraw", datasets.drop_case, name="drop_case"),
    *(
        path(f"p/<slug:slug>/datasets/<str:name>/versions/<int:version>{rest}", view, name=name)
        for rest, view, name in (
            ("", dataset_version.version, "dataset_version"),
            ("/card", dataset_version.card, "dataset_card"),
            ("/state", dataset_version.change, "change_dataset_version"),
            ("/exports", dataset_version.ask, "ask_for_export"),
            ("/exports/<int:export_id>", dataset_version.export_progress, "dataset_export"),
            ("/exports/<int:export_id>/file", dataset_version.export_file, "dataset_export_file"),
        )
    ),
    path("p/<slug:slug>/evaluations", evaluations.evaluations, name="evaluations"),
    path("p/<slug:slug>/evaluations/start", evaluations.start, name="start_evaluation"),
    path("p/<slug:slug>/evaluations/<int:evaluation_id>", evaluation.evaluation, name="evaluation"),
    path("p/<slug:slug>/evaluations/<int:evaluation_id>/progress", evaluation.progress, name="evaluation_progress"),
    path("p/<slug:slug>/evaluations/<int:evaluation_id>/stop", evaluation.stop, name="evaluation_stop"),
    path("p/<slug:slug>/evaluations/<int:evaluation_id>/people", evaluation.people, name="evaluation_people"),
    path("p/<slug:slug>/shadow", shadow.shadow, name="shadow"),
    path("p/<slug:slug>/shadow/rule", shadow.shadow_rule, name="shadow_rule"),
    path("p/<slug:slug>/shadow/who", shadow.who_was_right, name="shadow_who"),
    path("p/<slug:slug>/shadow/who/undo", shadow.undo_ruling, name="shadow_undo"),
    path("p/<slug:slug>/quality/reviewers", reviewers, name="reviewers"),
    path("p/<slug:slug>/quality/golds", golds.golds, name="golds"),
    path("p/<slug:slug>/quality/golds/add", golds.add, name="add_gold"),
    path("p/<slug:slug>/quality/golds/retire", golds.retire, name="retire_gold"),
    path("p/<slug:slug>/quality/golds/restore", golds.restore, name="restore_gold"),
    path("p/<slug:slug>/quality/golds/settings", golds.save_settings, name="save_gold_settings"),
    path("p/<slug:slug>/quality/golds/pauses/<int:pause_id>", golds.decide, name="decide_pause"),
    path("p/<slug:slug>/rollouts", rollouts.rollouts, name="rollouts"),
    path("p/<slug:slug>/rollouts/verifier.py", rollouts.send_verifier, name="rollout_verifier"),
    path("p/<slug:slug>/rollouts/make", rollout_acts.make_rollout, name="make_rollout"),
    path("p/<slug:slug>/rollouts/<int:rollout_id>", rollouts.rollout, name="rollout"),
    path("p/<slug:slug>/rollouts/<int:rollout_id>/act", rollout_acts.act_on_rollout, name="act_on_rollout"),
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
    path("p/<slug:slug>/settings/rubric", project_rubric, name="project_rubric"),
    path("p/<slug:slug>/settings/rubric", project_rubric, name="save_rubric"),
    path("p/<slug:slug>/settings/rubric/unclear/<int:todo_id>", adjudicate.close_unclear, name="close_unclear"),
    path("p/<slug:slug>/settings/rubric/check", check_rubric, name="check_rubric"),
]
