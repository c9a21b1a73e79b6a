"""Composition root: every environment variable is read here, once, and unsafe values are refused.

Variables: `LIMS_ENV` (`development` or `production`), `SECRET_KEY`, `ALLOWED_HOSTS`, `PUBLIC_URL`, `DATABASE_URL` (application role),
`DATABASE_OWNER_URL` (migrations only), `REDIS_URL`, `LIMS_DATA` (files, default `var/`), `LIMS_BUILD` (built assets, default `var/`),
`LIMS_DEBUG`, `PORT`, `LIMS_JOB_LEASE_SECONDS`, `LIMS_LOG_KEY` (file of the private key that signs the custody log),
`LIMS_CERTIFICATE_COSIGNATURES` (how many witnesses a certificate waits for), `LIMS_HANDOVERS_SIGNED` (0: one without passwords is taken),
`LIMS_RATE_INSTRUMENT`, `LIMS_RATE_PERSON`,
`LIMS_RATE_ADDRESS` (requests at the API, such as `1200/minute`), `LIMS_INSTRUMENT_CLOCK_LIMIT` (seconds),
`LIMS_WEBHOOK_PRIVATE` (`1`: webhooks may lead into the own network), `LIMS_COMMIT` (the commit
this was built from, where there is no git checkout).
"""

from __future__ import annotations

import gc
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pghistory
from celery.schedules import crontab, schedule
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

# Loading the product makes a million objects that all stay; by default the collector would walk through them hundreds of times, a fifth
# of every process's start. What is thrown away in circles between two walks is now at most some ten megabytes.
gc.set_threshold(50_000, 20, 50)

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ.get("LIMS_ENV", "development")
PRODUCTION = ENVIRONMENT == "production"
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured(f"LIMS_ENV is {ENVIRONMENT!r}; use 'development' or 'production'.")
DEBUG = os.environ.get("LIMS_DEBUG") == "1"
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("LIMS_DEBUG=1 is refused in production: error pages would show data. Unset it.")

# Files that people and instruments gave (kept), and files that set-up made (rebuilt at any time).
DATA_DIR = Path(os.environ.get("LIMS_DATA", BASE_DIR / "var"))
BUILD_DIR = Path(os.environ.get("LIMS_BUILD", BASE_DIR / "var"))
COMMIT = os.environ.get("LIMS_COMMIT", "")


def _development_secret() -> str:
    """The secret of a development checkout, made once and kept in a file only its owner reads."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


SECRET_KEY = os.environ.get("SECRET_KEY", "") or ("" if PRODUCTION else _development_secret())
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is missing or shorter than 50 characters; production does not start without one.")

# The private key that signs the custody log: a file that only its owner reads, on the machine of the worker. Made where it is missing, but
# never in production.
_LOG_KEY = os.environ.get("LIMS_LOG_KEY", "" if PRODUCTION else str(DATA_DIR / "log_key.pem"))
LOG_KEY_FILE = Path(_LOG_KEY) if _LOG_KEY else None
# How many witnesses must have cosigned the custody of a certificate's samples before it is issued; 0 waits for none.
# Whether both sides of every handover sign with their passwords, also over the interface.
HANDOVERS_SIGNED = os.environ.get("LIMS_HANDOVERS_SIGNED", "1" if PRODUCTION else "0") == "1"
CERTIFICATE_COSIGNATURES = int(os.environ.get("LIMS_CERTIFICATE_COSIGNATURES", "0"))

ALLOWED_HOSTS = [host for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host]
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts this installation answers for; '*' is refused in production.")
if not PRODUCTION:
    ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
PORT = int(os.environ.get("PORT", "8000"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", "" if PRODUCTION else f"http://127.0.0.1:{PORT}").rstrip("/")
if PRODUCTION and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL must be the https:// address printed on certificates.")


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"A database URL must start with postgresql://, not {parts.scheme}://.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Temporary tables last: otherwise one with the name of a table of ours would silently take what is written there.
        "OPTIONS": {"options": "-c search_path=public,pg_temp"},
    }


# `default` is the application role, which owns nothing; `owner` exists only where migrations run. A command that needs no database gets an
# address nobody listens on, so a forgotten query fails at once.
_UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", _UNREACHABLE))}
if os.environ.get("DATABASE_OWNER_URL"):
    DATABASES["owner"] = _database(os.environ["DATABASE_OWNER_URL"])
APPLICATION_ROLE = DATABASES["default"]["USER"]

INSTALLED_APPS = [
    "lims.core.admin_config.RecordsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "pgtrigger",
    "pghistory",
    "lims.core",
    "lims.accounts",
    "lims.jobs",
    "lims.documents",
    "lims.charts",
    "lims.webhooks",
    "samples",
    "samples.custody",
    "samples.storage",
    "samples.looks",
    "samples.allotments",
    "samples.dossiers",
    "samples.provenance",
    "assays",
    "assays.instruments",
    "assays.control_charts",
    "assays.reports",
    "assays.nonconformities",
    "lims.workspace",
    "lims.dashboards",
    "lims.backups",
    "lims.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lims.core.middleware.PrivateAnswerMiddleware",
    "lims.core.middleware.AddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lims.accounts.middleware.ViewerMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "lims.urls"
WSGI_APPLICATION = "lims.wsgi.application"
APPEND_SLASH = True
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "django.template.context_processors.i18n",
                "lims.core.context.page_frame",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
# The second reads passwords kept before the first was taken, and they are kept anew when their owners next use them.
PASSWORD_HASHERS = ["lims.accounts.hashers.PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "workspace:home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("hi", _("Hindi")), ("my", _("Burmese"))]
# The texts as they are kept (`makemessages` writes there), and as set-up compiled them.
LOCALE_PATHS = [BASE_DIR / "lims" / "locale", BUILD_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BUILD_DIR / "static"
ASSETS_DIR = BUILD_DIR / "assets"
STATICFILES_DIRS = [path for path in [ASSETS_DIR] if path.is_dir()]
WHITENOISE_USE_FINDERS = not PRODUCTION
if not PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = DATA_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"file_permissions_mode": 0o600}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
FONT_DIR = BUILD_DIR / "fonts"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
MAX_UPLOAD_BYTES = 64 * 2**20
# An instrument's file with more to read is read by a worker. A megabyte holds some 100,000 readings and takes about a second to read,
# match and store: up to here the sender has its answer in a few, on a busy machine too before a proxy or a program gives up waiting.
READ_AT_ONCE_BYTES = 4 * 2**20

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "lims_session"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "lims_csrf"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 86400
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "lims"}}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "lims.jobs.tasks.tick", "schedule": schedule(10)},
    "sweep": {"task": "lims.jobs.tasks.sweep", "schedule": schedule(15)},
    # In the night, Indian time.
    "compare_custody": {"task": "lims.jobs.tasks.start", "args": ["compare_custody"], "schedule": crontab(hour=20, minute=30)},
    # A checkpoint within the minute in which something happened; a message that waited longer is superseded by the next.
    "sequence": {"task": "lims.jobs.tasks.repeat", "args": ["custody.sequence"], "schedule": schedule(20), "options": {"expires": 60}},
    "webhooks": {"task": "lims.jobs.tasks.repeat", "args": ["webhooks.deliver"], "schedule": schedule(10), "options": {"expires": 30}},
    "check_overdue": {"task": "lims.jobs.tasks.start", "args": ["check_overdue"], "schedule": schedule(900)},
}
JOB_LEASE_SECONDS = int(os.environ.get("LIMS_JOB_LEASE_SECONDS", "30"))

# History triggers are installed with the rest of the database policy after every migrate, not by migrations of their own.
PGTRIGGER_MIGRATIONS = False
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True)
PGHISTORY_CREATED_AT_FUNCTION = "clock_timestamp()"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "assays.instruments.api.auth.InstrumentTokenAuthentication",
        "lims.accounts.api.auth.TokenAuthentication",
        "lims.accounts.api.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["lims.core.api.permissions.MatrixPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lims.core.api.parsing.TextParser"],
    "DEFAULT_SCHEMA_CLASS": "lims.core.api.openapi.DescribedRefusals",
    "DEFAULT_THROTTLE_CLASSES": ["lims.core.api.throttling.CallerThrottle"],
    "EXCEPTION_HANDLER": "lims.core.api.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Requests at the API: of one instrument, with one person's token (or session), and from one address that nobody signed in at.
API_RATES = {
    "instrument": os.environ.get("LIMS_RATE_INSTRUMENT", "1200/minute"),
    "person": os.environ.get("LIMS_RATE_PERSON", "6000/minute"),
    "address": os.environ.get("LIMS_RATE_ADDRESS", "6000/minute"),
}
# An instrument's clock that is wrong by more is told to its laboratory, in seconds.
INSTRUMENT_CLOCK_LIMIT = int(os.environ.get("LIMS_INSTRUMENT_CLOCK_LIMIT", "60"))
# Whether webhooks may be told at addresses that are not public: a receiver inside the own network.
WEBHOOK_PRIVATE_ADDRESSES = os.environ.get("LIMS_WEBHOOK_PRIVATE") == "1"
SPECTACULAR_SETTINGS = {
    "TITLE": "Rare-earth assay LIMS",
    "DESCRIPTION": "From the pit to the certificate. Errors are RFC 9457 problem documents; numbers that were measured travel as strings.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Several things have a state; each set of states has a name of its own in the description.
    "ENUM_NAME_OVERRIDES": {
        "ConsignmentStateEnum": "samples.lifecycle.ConsignmentState",
        "SampleStateEnum": "samples.lifecycle.SampleState",
        "SampleKindEnum": "samples.models.samples.SampleKind",
        "PartKindEnum": "samples.services.splitting.PART_KINDS",
        "HoldKindEnum": "samples.models.samples.HoldKind",
        "DiscrepancyKindEnum": "samples.models.receipts.DiscrepancyKind",
        "ReportedKindEnum": "samples.services.raising.SEEN_KINDS",
        "DepartureKindEnum": "samples.models.handling.DepartureKind",
        "CustodyEventKindEnum": "samples.custody.kinds.EventKind",
        "HandoverStateEnum": "samples.models.consignments.HandoverState",
        "PaperKindEnum": "samples.models.routes.PaperKind",
        "PaperStatusEnum": "samples.models.papers.PaperStatus",
        "PostStatusEnum": "samples.models.routes.PostStatus",
        "LegModeEnum": "samples.models.routes.LegMode",
        "PackKindEnum": "samples.models.consignments.PackKind",
        "HandoverMannerEnum": "samples.models.consignments.HandoverManner",
        "DiscrepancyStateEnum": ["open", "settled"],
        "LotValueUnitEnum": "assays.models.lots.ValueUnit",
        "SealStateEnum": "samples.selectors.seals.SEAL_STATES",
        "JobStateEnum": "lims.jobs.models.JobState",
        "DossierVerdictEnum": "samples.dossiers.models.Verdict",
        "DossierStateEnum": ["made", "queued", "running", "failed"],
        "SubmissionStateEnum": "assays.lifecycle.SubmissionState",
        "TestStateEnum": "assays.lifecycle.TestState",
        "RunStateEnum": "assays.lifecycle.RunState",
        "UploadStateEnum": "assays.instruments.models.UploadState",
        "RowOutcomeEnum": "assays.instruments.models.RowOutcome",
        "VerdictEnum": "assays.models.judgements.Outcome",
        "EvaluationOutcomeEnum": ["passed", "failed", "blocked"],
        "ReviewDecisionEnum": ["approve", "send_back"],
        "DiscrepancyDecisionEnum": "samples.models.receipts.Decision",
        "AssessmentDecisionEnum": "samples.provenance.models.AssessmentDecision",
        "EvidenceKindEnum": "samples.provenance.models.EvidenceKind",
        "RouteStageKindEnum": "samples.provenance.models.StageKind",
        "LookSubjectEnum": "samples.looks.models.Subject",
        "PositionKindEnum": "assays.models.runs.PositionKind",
        "MaterialKindEnum": "assays.models.reference.MaterialKind",
        "PreparationStepKindEnum": "assays.models.routes.StepKind",
        "TurnaroundEnum": "assays.models.submissions.Turnaround",
        "ExtractionEnum": "assays.models.methods.Extraction",
        "CertificateStatusEnum": "assays.reports.models.Standing",
        "CertificateEventEnum": "assays.reports.models.StatusKind",
        "NonconformityStateEnum": "assays.nonconformities.lifecycle.NonconformityState",
        "NonconformitySourceEnum": "assays.nonconformities.models.Source",
        "LotKindEnum": "assays.models.lots.LotKind",
        "WebhookEventEnum": "lims.webhooks.events.EVENT_NAMES",
        "WebhookDeliveryStateEnum": "lims.webhooks.models.DeliveryState",
        "WeighingStepEnum": "assays.instruments.models.WeighingStep",
        "WaitingStepEnum": ["prepare", "weigh", "load", "measure"],
        "EquipmentKindEnum": "assays.models.lots.EquipmentKind",
    },
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"lims": {"level": "INFO"}, "samples": {"level": "INFO"}, "assays": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
