"""All settings, from the environment (contract: "Environment"). A wrong or contradictory value stops the start.

Values marked *first* are only the first ones: what staff change later is kept in the database and wins.
"""

import logging
from datetime import time, timedelta
from pathlib import Path

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import habits, insurers, logs, outward, roles, theme, tunable
from config.environment import Environment
from config.openapi import options
from insurance.interface.profiles import PROFILES
from tasks import queues

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", debug=DEBUG)
# Of personal data (hospital/keys.py): PII_KEY writes, the others only read. PII_KEYS_FROM names a function that returns
# all of them, the one that writes first, as from a key management service: then the other two are not looked at.
PII_KEYS_FROM = env.dotted_name("PII_KEYS_FROM")
PII_KEY = "" if PII_KEYS_FROM else env.secret("PII_KEY", debug=DEBUG)
PII_OLD_KEYS = [] if PII_KEYS_FROM else env.secrets("PII_OLD_KEYS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
TIME_ZONE = env.time_zone("TIME_ZONE", default="Asia/Shanghai")
LANGUAGE_CODE = env.one_of("LANGUAGE_CODE", ("zh-hans", "en"), default="zh-hans")
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_TZ = True

INSTALLED_APPS = [
    "unfold",  # before the admin, whose site it takes over
    "unfold.contrib.import_export",
    "import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "corsheaders",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "hospital",
    "insurance",
    "operations",
]
MIDDLEWARE = [
    "config.correlation.Correlated",
    "config.headers.Guarded",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- stores ---------------------------------------------------------------------------------------
# PgBouncer in transaction mode stands before the database (docs/deploy.md).
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASES = {"default": env.database("DATABASE_URL", pooled=DATABASE_POOLED)}
CACHE_URL = env.str("CACHE_URL", default="redis://127.0.0.1:6379/1")
CACHES = {
    "default": {
        "BACKEND": "hospital.cache.Cache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
    "rates": {"BACKEND": "hospital.rates.Noting"},  # counted in `default`
}
RATELIMIT_ENABLE = True
RATELIMIT_USE_CACHE = "rates"

# --- the patient page -----------------------------------------------------------------------------
LOGIN_REDIRECT_URL = "/admin/"  # the theme's sign-in form does not say where to go; the patients' has its own
CSRF_FAILURE_VIEW = "config.pages.guard.csrf_failure"
PUSH_URL = env.address("PUSH_URL")  # where the process `push` is reached; empty: the pages ask from time to time
CSRF_TRUSTED_ORIGINS = ["/".join(PUBLIC_URL.split("/")[:3])]  # behind a proxy that ends TLS we do not see the https

# --- the front door (config/door) -----------------------------------------------------------------
# In each web process: requests that Django works on at once, and that wait for it. Beyond these: 503 `busy`, at once.
WEB_AT_ONCE = env.positive("WEB_AT_ONCE", default=6)
WEB_WAITING = env.not_negative("WEB_WAITING", default=40)
# All threads of a process, most of which wait: of those that Django leaves, half for bookings and a quarter for looks.
# The others are always there to say no, and that we live.
WEB_THREADS = env.positive("WEB_THREADS", default=256)
if WEB_THREADS < WEB_AT_ONCE + WEB_WAITING + 8:
    raise ImproperlyConfigured("WEB_THREADS must be at least 8 more than WEB_AT_ONCE and WEB_WAITING together")

# --- people ---------------------------------------------------------------------------------------
PASSWORD_HASHERS = ["config.hashers.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Rotation, sign-out and what ends a family of tokens: hospital/tokens.py.
SIMPLE_JWT = {
    "SIGNING_KEY": env.secret("JWT_KEY", debug=DEBUG, default=SECRET_KEY),
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "CHECK_REVOKE_TOKEN": True,  # a new password ends every token
    "TOKEN_OBTAIN_SERIALIZER": "hospital.appointments.serializers.SignInInput",
    "UPDATE_LAST_LOGIN": False,
}
RATE_LIMIT_PER_ADDRESS = env.rate("RATE_LIMIT_PER_ADDRESS", default="600/m")
# Of those who are signed in, a crowd may share an address (a carrier's, a ward's).
RATE_LIMIT_SIGNED_IN_PER_ADDRESS = env.rate("RATE_LIMIT_SIGNED_IN_PER_ADDRESS", default="6000/m")
RATE_LIMIT_PER_USER = env.rate("RATE_LIMIT_PER_USER", default="60/m")
RATE_LIMIT_PER_USERNAME = env.rate("RATE_LIMIT_PER_USERNAME", default="10/m")
# Counting needs the cache; a patient is not turned away because it is gone. The insurer's limit does not depend on it.
RATELIMIT_FAIL_OPEN = True
RATELIMIT_IP_META_KEY = "hospital.rest.client_address"
# How many proxies of ours stand in front: so many of the last addresses in X-Forwarded-For were written by them. Of
# the rest anybody may have made up anything; 0: the header is not read at all.
TRUSTED_PROXIES = env.not_negative("TRUSTED_PROXIES", default=0)

# --- browsers elsewhere (CORS) --------------------------------------------------------------------
CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ["accept", "accept-language", "authorization", "content-type", "idempotency-key", "if-none-match"]
CORS_EXPOSE_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID"]

# Who is told by e-mail that a case needs a person (insurance/desk/alerts.py); EMAIL_URL says through which server.
STAFF_ROLES = roles.ROLES
UNFOLD = theme.UNFOLD
# A sheet is brought in by whoever may add rows; between looking and confirming it lies where every web host finds it.
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.CacheStorage"
STAFF_ALERT_EMAIL = env.list("STAFF_ALERT_EMAIL", default=[])
EMAIL_URL = env.str("EMAIL_URL", default="")
vars().update(env.mail("EMAIL_URL"))
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="") or (STAFF_ALERT_EMAIL or ["hospital@localhost"])[0]

# Who may read /metrics (docs/ops): whoever has this token; without one, this machine alone, and anybody with DEBUG.
METRICS_TOKEN = env.token("METRICS_TOKEN")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hospital.rest.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.errors.problem",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = options.SPECTACULAR

# --- whom we call (hospital/outbound.py) ----------------------------------------------------------
# Networks such as 10.20.0.0/16 that hold everybody whom we call; empty: whoever the addresses name, but no link-local
# address, and the webhook's on the internet alone.
OUTBOUND_NETWORKS = env.networks("OUTBOUND_NETWORKS")

# --- what the hospital tells the insurance side, without knowing it (hospital/hooks.py) -----------
HOSPITAL_HOOKS = {
    "insured_in": ["insurance.quota.directory.of_region"],
    "cancelled": ["insurance.settlement.opening.refuse_while_settling", "insurance.trial.admission.withdraw"],
    "charges_changed": ["insurance.settlement.opening.refuse_while_settling", "insurance.trial.admission.supersede"],
    "tuning_changes": ["insurance.quota.limits.keep_m_above_n"],
    "held": ["insurance.held.of"],
    "against_erasing": ["insurance.in_hand.against_erasing"],
    "erasing": ["insurance.held.erase"],
    "keys_changed": ["insurance.trial.inputs.renew"],
    "story": ["insurance.trial.api.story", "insurance.settlement.api.story"],
}

# --- filing and notices ---------------------------------------------------------------------------
FILING_BATCH_SIZE = env.positive("FILING_BATCH_SIZE", default=200)  # m, first
FILING_EVERY_SECONDS = env.positive("FILING_EVERY_SECONDS", default=5)  # first
NOTICE_WEBHOOK_URL = env.receiver("NOTICE_WEBHOOK_URL", debug=DEBUG)
NOTICE_WEBHOOK_SECRET = env.str("NOTICE_WEBHOOK_SECRET", default="")
NOTICE_WEBHOOK_OLD_SECRET = env.str("NOTICE_WEBHOOK_OLD_SECRET", default="")  # signs too, while the app changes over
NOTICE_WEBHOOK_TIMEOUT_SECONDS = 5
NOTICE_WEBHOOK_ON_THIS_MACHINE = DEBUG or outward.is_this_machine(NOTICE_WEBHOOK_URL)
# Waits before the second, third … attempt; after the last one the notice is FAILED and stands in the admin.
NOTICE_RETRY_SECONDS = [5, 30, 120, 600, 3600, 21600]

# --- how long what is kept (docs/privacy.md); the books are kept for good ---------------------------
KEEP_MESSAGES_MONTHS = env.positive("KEEP_MESSAGES_MONTHS", default=18)  # what stands in messages to the insurer
KEEP_NOTICES_MONTHS = env.positive("KEEP_NOTICES_MONTHS", default=24)  # of visits that are over
KEEP_REQUESTS_DAYS = env.positive("KEEP_REQUESTS_DAYS", default=30)  # answers under an Idempotency-Key
KEEP_JOURNAL_MONTHS = env.positive("KEEP_JOURNAL_MONTHS", default=60)  # then it may go into files
ARCHIVE_FOLDER = env.folder("ARCHIVE_FOLDER")  # where such files go, by a tick; empty: by `archive_months` alone

if max(KEEP_MESSAGES_MONTHS, 3) > KEEP_JOURNAL_MONTHS:
    raise ImproperlyConfigured("KEEP_JOURNAL_MONTHS must be at least 3, and no less than KEEP_MESSAGES_MONTHS")

# --- the insurance interface ----------------------------------------------------------------------
INSURANCE_URL = env.str("INSURANCE_URL", default="http://127.0.0.1:9301")
INSURANCE_DIALECT = env.dialect("INSURANCE_DIALECT", default="national")
INSURANCE_TRIAL_PER_MINUTE = env.positive("INSURANCE_TRIAL_PER_MINUTE", default=100)  # n, first
INSURANCE_SETTLEMENT_PER_MINUTE = env.positive_or_none("INSURANCE_SETTLEMENT_PER_MINUTE", default="100")
INSURANCE_SHARED_PER_MINUTE = env.positive_or_none("INSURANCE_SHARED_PER_MINUTE", default="")
INSURANCE_TIMEOUT_SECONDS = env.positive("INSURANCE_TIMEOUT_SECONDS", default=10)  # first
INSURANCE_AT_ONCE = env.positive("INSURANCE_AT_ONCE", default=10)  # calls in flight, first
INSURANCE_SLOW_SECONDS = env.positive("INSURANCE_SLOW_SECONDS", default=5)  # an answer is slow from here on, first
INSURANCE_BREAK_AFTER = env.positive("INSURANCE_BREAK_AFTER", default=5)  # silences in a row that open the circuit
INSURANCE_PROBE_SECONDS = env.positive("INSURANCE_PROBE_SECONDS", default=15)  # then one call looks again
INSURANCE_INSTITUTION_CODE = env.str("INSURANCE_INSTITUTION_CODE", default="H99999900001")
INSURANCE_INSTITUTION_NAME = env.str("INSURANCE_INSTITUTION_NAME", default="互联网医院")
INSURANCE_REGION = env.str("INSURANCE_REGION", default="999900")
# Beginnings of the insured regions that this insurer serves; empty: whatever none of INSURERS does (docs/insurers.md).
INSURANCE_REGIONS = insurers.regions("INSURANCE_REGIONS", env.list("INSURANCE_REGIONS", default=[]))
INSURERS = insurers.read(env.str("INSURERS", default=""))  # those beside it
# How the default one is spoken to: a region's profile, what differs from it, and where keys and certificates lie
# (docs/profiles.md). INSURERS says the same of each other.
INSURANCE_PROFILE = env.one_of("INSURANCE_PROFILE", PROFILES, default="national")
INSURANCE_HABITS = habits.of(
    INSURANCE_PROFILE, habits.read(env.str("INSURANCE_HABITS", default=""), "INSURANCE_HABITS")
)
INSURANCE_KEYS = insurers.keys(env.str("INSURANCE_KEYS", default=""))
INSURANCE_TLS = insurers.tls(env.str("INSURANCE_TLS", default=""))
STATEMENT_KEY = env.signing_key("STATEMENT_KEY")  # signs the daily statement on the limit; empty: from SECRET_KEY
TRIAL_LINE_MINUTES = env.not_negative("TRIAL_LINE_MINUTES", default=30)  # first
TRIAL_CLOSE_MINUTES = env.not_negative("TRIAL_CLOSE_MINUTES", default=3)  # first; told so long before the turn; 0: not
TRIAL_VALID_SECONDS = env.positive("TRIAL_VALID_SECONDS", default=1800)  # first
# A settlement of which nothing was heard is asked about after each of these waits, a reversal tried as often; then it
# stands before a person. A message may arrive as late as SETTLING: until then "not there" is no answer.
SETTLEMENT_ATTEMPTS_SECONDS = env.waits("SETTLEMENT_ATTEMPTS_SECONDS", default="10,60,300,1800,7200")
SETTLEMENT_SETTLING_SECONDS = env.positive("SETTLEMENT_SETTLING_SECONDS", default=60)
# By our clock, each night: the day before is compared with the insurer and the payment institution, and every day that
# is still in doubt. Late enough that its last answers have come.
RECONCILE_AT = env.time_of_day("RECONCILE_AT", default="02:00")

# --- the payment institution ----------------------------------------------------------------------
PAYMENT_URL = env.str("PAYMENT_URL", default="http://127.0.0.1:9302")
PAYMENT_SECRET = env.secret("PAYMENT_SECRET", debug=DEBUG)
PAYMENT_EXPIRES_SECONDS = env.positive("PAYMENT_EXPIRES_SECONDS", default=900)  # first
PAYMENT_TIMEOUT_SECONDS = 10
PAYMENT_ASK_AFTER_SECONDS = 30  # a callback that has not come by then is asked for

TUNABLE, TUNABLE_TEXTS = tunable.BOUNDS, tunable.TEXTS

for _name, _n in (
    ("INSURANCE_TRIAL_PER_MINUTE", INSURANCE_TRIAL_PER_MINUTE),
    ("INSURANCE_SHARED_PER_MINUTE", INSURANCE_SHARED_PER_MINUTE or 0),
):
    if _n >= FILING_BATCH_SIZE:
        raise ImproperlyConfigured(
            f"FILING_BATCH_SIZE (m = {FILING_BATCH_SIZE}) must be greater than {_name} (n = {_n}); raise m or lower n"
        )
_ARRIVES_SECONDS = TUNABLE["INSURANCE_TIMEOUT_SECONDS"][1] + 5  # the longest time limit, and the way on the network
if not _ARRIVES_SECONDS <= SETTLEMENT_SETTLING_SECONDS < sum(SETTLEMENT_ATTEMPTS_SECONDS):
    raise ImproperlyConfigured(
        f"SETTLEMENT_SETTLING_SECONDS must be at least {_ARRIVES_SECONDS} and less than all SETTLEMENT_ATTEMPTS_SECONDS"
        " together: else a settlement is given up before anything is known of it"
    )
if time(0, 10) > RECONCILE_AT:
    raise ImproperlyConfigured("RECONCILE_AT must be 00:10 or later: the day's last answers come after midnight")
if bool(NOTICE_WEBHOOK_URL) != bool(NOTICE_WEBHOOK_SECRET):
    raise ImproperlyConfigured("NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_SECRET go together: set both or neither")
if NOTICE_WEBHOOK_OLD_SECRET and not NOTICE_WEBHOOK_SECRET:
    raise ImproperlyConfigured("NOTICE_WEBHOOK_OLD_SECRET stands beside NOTICE_WEBHOOK_SECRET, not in its place")
if bool(STAFF_ALERT_EMAIL) != bool(EMAIL_URL):
    raise ImproperlyConfigured("STAFF_ALERT_EMAIL and EMAIL_URL go together: set both or neither")
if len(INSURANCE_INSTITUTION_CODE) != 12:
    raise ImproperlyConfigured("INSURANCE_INSTITUTION_CODE must have 12 characters: message ids are built from it")
insurers.check_together(
    url=INSURANCE_URL,
    institution_code=INSURANCE_INSTITUTION_CODE,
    region=INSURANCE_REGION,
    regions=INSURANCE_REGIONS,
    others=INSURERS,
)
insurers.check_below_m(INSURERS, FILING_BATCH_SIZE)
insurers.check_access(
    own={
        "url": INSURANCE_URL,
        "dialect": INSURANCE_DIALECT,
        "habits": INSURANCE_HABITS,
        "keys": INSURANCE_KEYS,
        "tls": INSURANCE_TLS,
    },
    others=INSURERS,
)
outward.check(
    OUTBOUND_NETWORKS,
    INSURANCE_URL=INSURANCE_URL,
    PAYMENT_URL=PAYMENT_URL,
    NOTICE_WEBHOOK_URL=NOTICE_WEBHOOK_URL,
    **{f"INSURERS {name}": one.get("url", "") for name, one in INSURERS.items()},
)

# --- Celery ---------------------------------------------------------------------------------------
BROKER_URL = env.str("BROKER_URL", default="amqp://guest:guest@127.0.0.1:5672//")
BROKER_IS_AMQP = env.broker_is_amqp(BROKER_URL)
BROKER_TRANSPORT_OPTIONS = (
    {"confirm_publish": True}
    if BROKER_IS_AMQP
    else {
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 30,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
)
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_TRANSPORT_OPTIONS = BROKER_TRANSPORT_OPTIONS
CELERY_BROKER_HEARTBEAT = 30
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_IMPORTS = ["tasks.filing", "tasks.insurance", "tasks.notices", "tasks.reconciliation", "tasks.upkeep"]
CELERY_TASK_QUEUES = queues.queues(quorum=BROKER_IS_AMQP)
CELERY_TASK_ROUTES = queues.ROUTES
CELERY_TASK_DEFAULT_QUEUE = queues.UPKEEP
CELERY_TASK_DEFAULT_EXCHANGE = "tasks"
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_ANNOTATIONS = queues.brakes(
    *insurers.together(
        trial=INSURANCE_TRIAL_PER_MINUTE,
        settlement=INSURANCE_SETTLEMENT_PER_MINUTE,
        shared=INSURANCE_SHARED_PER_MINUTE,
        others=INSURERS,
    )
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE = True
CELERY_TASK_ACKS_ON_TIMEOUT = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_BEAT_SCHEDULE = queues.schedule()
CELERY_TIMEZONE = TIME_ZONE

LOGGING = logs.configuration(
    env.one_of("LOG_LEVEL", logs.LEVELS, default="INFO"),
    env.one_of("LOG_FORMAT", logs.FORMATS, default="text" if DEBUG else "json"),
)
structlog.configure(**logs.STRUCTLOG)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # what config/correlation.py has let through
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
# One line a request, none for the polls that found nothing new.
DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL = DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO

# --- what browsers are told (config/headers.py, docs/security.md) ---------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
STAFF_SESSION_SECONDS = 12 * 3600  # a working day; patients stay signed in for two weeks
if not DEBUG:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
    SECURE_HSTS_SECONDS = 31536000 if PUBLIC_URL.startswith("https://") else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether the names below ours speak https too, only their owner knows
    "security.W008",  # TLS ends at the proxy, which redirects; behind it everything would redirect to itself
    "security.W021",  # a list that browsers carry is entered by the owner of the name
]
