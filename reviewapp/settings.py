"""The settings: each environment variable is read here and nowhere else (`docs/settings.md` lists them)."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from reviewapp.embedded.layout import Layout
from reviewapp.environment import (
    read_choice,
    read_flag,
    read_integer,
    read_list,
    read_or_make_secret,
    read_secrets,
    read_text,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# Where state lives. With no URL of a real server, the embedded one of the data directory is meant.
DATA_DIR = Path(read_text("DATA_DIR", str(BASE_DIR / ".data"))).expanduser().resolve()
LAYOUT = Layout.of(DATA_DIR)
PORT = read_integer("PORT", 8000, low=1, high=65535)
DATABASE_URL = read_text("DATABASE_URL", LAYOUT.database_url)
REDIS_URL = read_text("REDIS_URL", LAYOUT.redis_url)
SECRET_KEY = read_text("SECRET_KEY") or read_or_make_secret(DATA_DIR / "secret-key", instead="SECRET_KEY")
MASKING_KEYS = read_secrets("MASKING_KEYS") or [
    read_or_make_secret(DATA_DIR / "masking-key", instead="MASKING_KEYS"),
]

DEBUG = read_flag("DEBUG", default=False)
LOG_LEVEL = read_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = read_choice("LOG_FORMAT", "json", ("json", "console"))
PUBLIC_URL = read_text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", ("127.0.0.1", "localhost", "[::1]"))
METRICS_TOKEN = read_text("METRICS_TOKEN")
OUTBOUND_ALLOW = read_list("OUTBOUND_ALLOW")
EMAIL_HOST = read_text("EMAIL_HOST")
EMAIL_PORT = read_integer("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = read_text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = read_text("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = read_choice("EMAIL_SECURITY", "starttls", ("starttls", "tls", "none")) == "tls"
EMAIL_USE_TLS = read_choice("EMAIL_SECURITY", "starttls", ("starttls", "tls", "none")) == "starttls"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read_text("EMAIL_FROM", "reviews@localhost")
MAIL_IS_SET = bool(EMAIL_HOST)
SWEEP_SECONDS = read_integer("SWEEP_SECONDS", 10, low=1, high=60)
WEB_WORKERS = read_integer("WEB_WORKERS", 2, low=1, high=64)
WEB_THREADS = read_integer("WEB_THREADS", 8, low=1, high=64)

_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(f"PUBLIC_URL must be a web address like https://review.example.org, not {PUBLIC_URL!r}")
if _public.hostname not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_public.hostname)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
_https = _public.scheme == "https"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_rq",
    "ninja",
    "reviewapp",
    "reviewapp.accounts",
    "reviewapp.audit",
    "reviewapp.jobs",
    "reviewapp.alerts",
    "sampling",
    "annotations",
]

MIDDLEWARE = [
    "reviewapp.http.request_id.RequestIdMiddleware",
    "reviewapp.http.measured.MeasuredMiddleware",
    "reviewapp.http.pages.ErrorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reviewapp.http.policy.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "reviewapp.accounts.closed.ClosedByDefaultMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "reviewapp.urls"
WSGI_APPLICATION = "reviewapp.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviewapp.http.appearance.appearance",
            ],
        },
    }
]

DATABASES = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, engine="reviewapp.database", conn_max_age=60, conn_health_checks=True),
        # Server-side cursors and prepared statements do not survive pgbouncer in transaction mode.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

RQ_QUEUES = {"default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 300, "SERIALIZER": "rq.serializers.JSONSerializer"}}

# The seams between stages: an earlier stage calls a later one only through these names.
QUEUE_FILL = "annotations.queue.fill.open_tasks"
QUEUE_RAISE = "annotations.queue.fill.raise_tasks"
QUEUE_SEND = "annotations.queue.send.open_late"
QUEUE_BACKLOG = "annotations.queue.retire.backlog_of"
QUEUE_MEMBER = "annotations.queue.labelled.guard_member"
ITEM_DETAILS = {  # lists that an item's page and answer carry
    "labels": "annotations.labels.read.labels_of_item",
    "verdicts": "annotations.imports.verdicts.verdicts_of_item",
    "decisions": "annotations.imports.decisions.decisions_of_item",
    "feedbacks": "sampling.ingest.feedback.feedback_of_item",
}
ITEM_SECTIONS = [  # what an item's page says beside the item, in this order
    "sampling.items.drawn.draws",
    "sampling.items.known.facts",
    "sampling.items.masked.masked",
    "annotations.labels.item_section.review",
    "annotations.imports.item_sections.verdicts",
    "annotations.imports.item_sections.decisions",
    "annotations.golds.item_section.gold",
]
ITEM_STATES = "annotations.queue.states.review_states"  # how far review has come, for lists of items
LABELLED_STRATA = "annotations.estimates.strata.labelled_strata"
REVIEW_PACE = "annotations.labels.pace.review_pace"
ERASERS = [  # what else is emptied with the items of somebody who is erased
    "annotations.labels.erase.erase_labels",
    "annotations.judges.erase.erase_calls",
    "annotations.datasets.erase.erase_rows",
    "annotations.evaluations.erase.erase_outputs",
    "annotations.quality.figures.forget_agreement",
    "annotations.rollouts.holds.tell_erased",
]
DRIFT_SOURCES = [  # what is compared when traffic is compared with that of before
    "sampling.drift.items.measure_items",
    "annotations.drift.verdicts.measure_verdicts",
    "annotations.drift.labels.measure_labels",
]
JOB_HANDLERS = {
    "revise_plan": "sampling.plans.revise.revise_plan",
    "top_up_items": "sampling.draws.top_up.top_up_slice",
    "import_upload": "sampling.uploads.run.import_slice",
    "import_label_upload": "annotations.imports.upload_run.import_label_slice",
    "recheck_items": "sampling.ingest.recheck.recheck_slice",
    "check_queue": "annotations.queue.invariants.check_queue",
    "compute_pass_rate": "annotations.estimates.cached.compute_pass_rate",
    "freeze_dataset": "annotations.datasets.freeze.freeze_in_background",
    "run_evaluation": "annotations.evaluations.run.run_evaluation",
    "export_dataset": "annotations.datasets.export.jobs.make_export",
    "score_golds": "annotations.golds.score_job.score_golds",
    "index_items": "sampling.items.text_index.index_items",
    "count_agreement": "annotations.quality.figures.count_agreement",
    "count_items": "sampling.operations.roll_up.count_items",
    "compare_traffic": "sampling.drift.run.compare_traffic",
    "deliver_alert": "reviewapp.alerts.deliver.deliver_alert",
    "watch_judges": "annotations.judges.watch.watch_judges",
    "count_again": "sampling.operations.roll_up.count_again",
    "run_judge": "annotations.judges.work.run_piece",
    "attack_judge": "annotations.judges.attacks.run_attacks",
}
SIMULATED_MODELS = {"planted-answers": "annotations.demo.planted.passes"}  # of the simulated provider: who says what
VERDICTS_FOLLOWED_BY = "annotations.judges.follow.follow_verdicts"
SWEEP_STEPS = [
    "annotations.queue.sweep.free_expired_leases",
    "annotations.queue.retire.retire_old_tasks",
    "annotations.queue.sweep.raise_watermarks",
    "annotations.queue.sweep.plan_queue_checks",
    "annotations.adjudication.cases.find_all_cases",
    "sampling.plans.revise.plan_revisions",
    "annotations.queue.skills.follow_mappings",
    "sampling.items.text_index.plan_indexing",
    "annotations.quality.figures.plan_agreement",
    "sampling.operations.roll_up.plan_counting",
    "sampling.drift.run.plan_comparing",
    "annotations.judges.online.plan_online",
    "annotations.judges.watch.plan_watching",
    "sampling.uploads.forget.forget_old_uploads",
    "sampling.draws.top_up.end_given_up",
    "annotations.datasets.export.jobs.forget_expired",
    "annotations.given_up.end_given_up",
    "annotations.rollouts.watch.watch_rollouts",
    "reviewapp.audit.seal.seal_events",
    "reviewapp.jobs.intents.ring_due_intents",
]
METRICS_COLLECTORS = [
    "reviewapp.metrics.intents",
    "annotations.queue.metrics.seats",
    "annotations.queue.metrics.open_escalations",
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "reviewapp.http.pages.csrf_failure"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "reviewapp.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_IS_SET else 'console'}.EmailBackend"
EMAIL_TIMEOUT = 15

LANGUAGE_CODE = "en"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
AUDIT_CHECKPOINTS = DATA_DIR / "audit-checkpoints.jsonl"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "reviewapp.http.static_files.JoinedStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["reviewapp.http.uploads.LimitedUploadHandler"]

LOGGING_CONFIG = "reviewapp.logs.configure_logging"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
SILENCED_SYSTEM_CHECKS: list[str] = []
