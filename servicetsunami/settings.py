"""Settings by environment, safe by default: a missing secret refuses to start and says what to set."""

from __future__ import annotations

import socket
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from servicetsunami import logs, platform
from tenants.rates import Rate

django_stubs_ext.monkeypatch()  # lets ModelAdmin[Model] and its like be written, as mypy wants them
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, how: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {how}")
    return value


def networks(texts: list[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text.strip()) for text in texts if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"{error}. Give networks, such as 10.1.0.0/16, separated by commas.") from None


def oauth_clients(name: str) -> dict[str, dict[str, str]]:
    try:
        clients = {slug: {"client_secret": "", **client} for slug, client in env.json(name, default={}).items()}
        texts = [text for client in clients.values() for text in client.values()]
        is_right = all(set(client) == {"client_id", "client_secret"} for client in clients.values())
    except (ValueError, TypeError, AttributeError):
        is_right, texts = False, []
    if not is_right or not all(isinstance(text, str) for text in texts):
        form = '{"connector": {"client_id": "...", "client_secret": "..."}}'
        raise ImproperlyConfigured(f"{name} is not as it must be: {form}")
    return clients


def rate(text: str) -> Rate | None:
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None


# Django
SECRET_KEY = required("SECRET_KEY", "Give it 50 random characters, or start with `make up`, which makes one.")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "servicetsunami.urls"
ASGI_APPLICATION = "servicetsunami.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "servicetsunami.apps.HubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "tenants",
    "connectors",
    "integrations",
]
MIDDLEWARE = [
    "servicetsunami.logs.RequestIdMiddleware",
    "servicetsunami.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "servicetsunami.compression.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.TenantMiddleware",
    "servicetsunami.leaving.LeavingMiddleware",
    "tenants.web.preferences.PreferencesMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "tenants.web.tags"],
        },
    }
]

# Where the hub keeps what it writes
VAR_DIR = Path(env.str("HUB_VAR_DIR", default=str(BASE_DIR / "var")))
RUNS_DIR = Path(env.str("HUB_RUNS_DIR", default=str(VAR_DIR / "runs")))
STORAGE_URL = env.str("HUB_STORAGE_URL", default=f"file://{VAR_DIR / 'data'}")

# Database
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'hub.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    DATABASES["default"]["ENGINE"] = "tenants.postgresql"
    # What the address itself asks for stays, such as ?sslmode=verify-full.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": env.int("HUB_DATABASE_POOL", default=20),
    }

# What all web processes count together: codes that were used, and tries
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hub_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Accounts
AUTH_USER_MODEL = "tenants.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_RESET_TIMEOUT = 24 * 3600
TRUSTED_PROXIES = env.int("HUB_TRUSTED_PROXIES", default=0)

# Browsers: pages load and send to the hub alone, over https, and nothing is written into them that runs
SECURE_COOKIES = env.bool("HUB_SECURE_COOKIES", default=True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_REDIRECT_EXEMPT = ["^api/v1/", "^healthz$", "^readyz$", "^metrics$"]  # programs of the same network
SECURE_HSTS_SECONDS = env.int("HUB_HSTS_SECONDS", default=365 * 24 * 3600) if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the browsers' own list of https hosts is for the domain's owner to join
if SECURE_COOKIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        **{f"{kind}-src": [SELF] for kind in ("default", "script", "style", "connect")},
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        **{key: [NONE] for key in ("object-src", "base-uri", "frame-ancestors")},
    }
}

# Too many wrong passwords for an address from one place lock that pair out for a while
LOGIN_LOCK_MINUTES = env.int("HUB_LOGIN_LOCK_MINUTES", default=15)
AXES_FAILURE_LIMIT = env.int("HUB_LOGIN_ATTEMPTS", default=10)
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCK_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "tenants.web.lockout.name_of"
AXES_CLIENT_IP_CALLABLE = "tenants.web.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "tenants.web.lockout.answer"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["code"]

# Signing in by allauth: a second step after the password, and single sign-on by OpenID Connect
ACCOUNT_ADAPTER = "tenants.web.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "servicetsunami.second_step.SecondStep"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Integrations Hub"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
OIDC_URL = env.str("HUB_OIDC_URL", default="").rstrip("/")
OIDC_NAME = env.str("HUB_OIDC_NAME", default="single sign-on")
SOCIALACCOUNT_ADAPTER = "tenants.web.adapters.SingleSignOn"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": required("HUB_OIDC_CLIENT_ID", "HUB_OIDC_URL needs it: the id that the provider gave."),
                "secret": env.str("HUB_OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_URL},
            }
        ]
        if OIDC_URL
        else [],
    }
}

# Mail: only links to choose a new password are sent
vars().update(env.email_url("HUB_EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("HUB_EMAIL_FROM", default="hub@localhost")

# Vault: "newest=<base64 of 32 bytes>,older=<...>"; or a file of one such pair a line, or a command that prints them
KEYS = env.str("HUB_KEYS", default="")
KEYS_FILE = env.str("HUB_KEYS_FILE", default="")
KEYS_COMMAND = env.str("HUB_KEYS_COMMAND", default="").strip()

# The hub's own registrations at services, by connector; a tenant's own go before them
OAUTH_CLIENTS = oauth_clients("HUB_OAUTH_CLIENTS")

# Secrets kept elsewhere: what credentials may refer to; {tenant} stands for the tenant's slug
SECRETS_ENV_PREFIX = env.str("HUB_SECRETS_ENV_PREFIX", default="HUB_SECRET_")
SECRETS_DIR = env.str("HUB_SECRETS_DIR", default="")
SECRETS_VAULT_PREFIX = env.str("HUB_SECRETS_VAULT_PREFIX", default="")
VAULT_ADDR = env.str("VAULT_ADDR", default="")
VAULT_TOKEN = env.str("VAULT_TOKEN", default="")
VAULT_NAMESPACE = env.str("VAULT_NAMESPACE", default="")

# Queue
BROKER_URL = env.str("HUB_BROKER_URL", default="redis://127.0.0.1:6379/0")
HOST = env.str("HUB_HOST_NAME", default=socket.gethostname())
ENGINES = env.dict(
    "HUB_ENGINES",
    default={
        "n8n": "integrations.engines.n8n.engine.N8nEngine",
        "spark": "integrations.engines.spark.engine.SparkEngine",
    },
)
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "n8n"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    f"tick {engine}": {
        "task": "integrations.tick",
        "schedule": 1.0,
        "args": [engine],
        "options": {"queue": engine, "expires": 2},
    }
    for engine in ENGINES
}
for name, seconds in (("look_after", 60.0), ("renew_tokens", 20.0)):
    CELERY_BEAT_SCHEDULE[name] = {
        "task": f"integrations.{name}",
        "schedule": seconds,
        "options": {"queue": next(iter(ENGINES)), "expires": seconds},
    }

# Runs
LEASE_SECONDS = env.int("HUB_LEASE_SECONDS", default=20)
STEP_SECONDS = env.float("HUB_STEP_SECONDS", default=3.0)
PATIENCE_SECONDS = env.int("HUB_PATIENCE_SECONDS", default=120)
CANCEL_PATIENCE_SECONDS = env.int("HUB_CANCEL_PATIENCE_SECONDS", default=60)

# n8n
N8N_URL = env.str("N8N_URL", default="")
N8N_API_KEY = env.str("N8N_API_KEY", default="")
N8N_TEST_API_KEY = env.str("N8N_TEST_API_KEY", default="")
N8N_EMAIL = env.str("N8N_EMAIL", default="")
N8N_PASSWORD = env.str("N8N_PASSWORD", default="")
N8N_NODES_ALLOW = env.list("N8N_NODES_ALLOW", default=[])
if N8N_DISCOVER_HOURS := env.float("N8N_DISCOVER_HOURS", default=0.0):
    CELERY_BEAT_SCHEDULE["discover"] = {
        "task": "integrations.discover",
        "schedule": N8N_DISCOVER_HOURS * 3600,
        "options": {"queue": next(iter(ENGINES))},
    }

# Spark
SPARK_MASTER = env.str("SPARK_MASTER", default="local[*]")
SPARK_CONF = env.dict("SPARK_CONF", default={})
SPARK_LOCAL_IP = env.str("SPARK_LOCAL_IP", default="127.0.0.1")
FILE_ROOTS = env.list("HUB_FILE_ROOTS", default=[])

# Networks of our own that may be called for users: tests of connections, and the addresses given to engines
OUTBOUND_ALLOW = networks(env.list("HUB_OUTBOUND_ALLOW", default=[]))

# Where engines find the hub, to push rows to it while they run; empty when they cannot
URL = env.str("HUB_URL", default="")

# API. The largest body of a call, in bytes
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("HUB_LARGEST_BODY", default=2_621_440)

# Calls that one token, and that all of a tenant's together, may make; empty is no limit
THROTTLE_TOKEN = rate(env.str("HUB_THROTTLE_TOKEN", default="30000/minute"))
THROTTLE_TENANT = rate(env.str("HUB_THROTTLE_TENANT", default="60000/minute"))
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.TokenAuthentication",
        "tenants.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.IsMember"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.throttling.Throttle"],
    "DEFAULT_PAGINATION_CLASS": "tenants.api.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "tenants.api.openapi.Schema",
    "EXCEPTION_HANDLER": "tenants.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Integrations Hub",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # the validator is another host
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "BulkAction": "integrations.api.shapes.bulk.ACTIONS",
        "ColumnKind": "integrations.services.landing.profiling.KINDS",
        "RunState": "integrations.api.shapes.runs.RUN_STATES",
        "StageName": "integrations.services.probes.STEPS",
        "TokenState": "tenants.api.shapes.TOKEN_STATES",
        "InvitationState": "tenants.api.shapes.INVITATION_STATES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tenants.api.openapi.add_problems",
    ],
}

# Forms of connectors may have many rows
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# The platform's own pages, below /admin/
UNFOLD = platform.UNFOLD

# Language and time: what a person did not choose follows the browser
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Static files: collected there, named by their content and compressed; without a folder, found where they are
STATIC_DIR = env.str("HUB_STATIC_DIR", default="")
PACKAGES_DIR = BASE_DIR / "node_modules"
STATIC_URL = "static/"
STATIC_ROOT = Path(STATIC_DIR or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "servicetsunami.assets.PackageFinder",
]
WHITENOISE_USE_FINDERS = not STATIC_DIR
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_DIR
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Logs: one JSON object a line in production, coloured lines at a desk
LOG_LEVEL = env.str("HUB_LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("HUB_LOG_FORMAT", default="json")
LOGGING_CONFIG = None
logs.configure(level=LOG_LEVEL, style=LOG_FORMAT)
