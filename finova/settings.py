"""Settings, read from the environment (the README's table says what each is for).

Two worlds: `FINOVA_ENV=development` (manage.py, tests, `make run`) has an answer
for everything; production, the default of asgi.py and wsgi.py, refuses to start
until it has been told its secrets and its database.
"""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from finova import embedded_postgres

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

PRODUCTION = env("FINOVA_ENV", default="production") == "production"
DEBUG = env.bool("DEBUG", default=False)

DATA_DIR = Path(env("FINOVA_DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()

DEVELOPMENT_SECRET_KEY = "for-development-only-" + "finova" * 8
SECRET_KEY = env("SECRET_KEY", default="" if PRODUCTION else DEVELOPMENT_SECRET_KEY)

if PRODUCTION:
    for required in ("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS", "EMAIL_URL"):
        if not env(required, default=""):
            raise ImproperlyConfigured(
                f"{required} is not set. Production needs SECRET_KEY, DATABASE_URL, "
                "ALLOWED_HOSTS and EMAIL_URL; FINOVA_ENV=development does without."
            )
    if SECRET_KEY == DEVELOPMENT_SECRET_KEY:
        raise ImproperlyConfigured("SECRET_KEY is the development key: make a new one.")
    if DEBUG:
        raise ImproperlyConfigured(
            "DEBUG is for development: unset it, or set FINOVA_ENV=development."
        )

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"]
)
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is *: name the hosts, or a mail's link could lead anywhere."
    )
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- the gym -----------------------------------------------------------------

GYM_NAME = env("GYM_NAME", default="FinovaFitness")
CURRENCY = env("CURRENCY", default="EUR")
TIME_ZONE = env("TIME_ZONE", default="Europe/Berlin")

# --- the application -----------------------------------------------------------

INSTALLED_APPS = [
    "finova.accounts",
    "trainers",
    "bookings",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "ninja",
]

MIDDLEWARE = [
    "finova.logs.log_requests",
    "finova.middleware.read_settings_once",
    "finova.errors.say_when_to_retry",
    "finova.compression.CompressWordsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "finova.headers.permissions_policy",
    "csp.middleware.CSPMiddleware",
    "finova.api.EnvelopeMiddleware",
    "finova.unreadable.ReadableRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "finova.accounts.middleware.end_old_sessions",
    "finova.accounts.languages.speak_as_wished",
    "finova.accounts.middleware.write_times_as_wished",
    "finova.accounts.middleware.keep_private_pages_out_of_caches",
    "django_htmx.middleware.HtmxMiddleware",
    "finova.accounts.middleware.SignInRequiredMiddleware",
    "finova.accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "finova.urls"
WSGI_APPLICATION = "finova.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "finova.context_processors.gym",
            ],
            "builtins": ["bookings.templatetags.gym"],
        },
    }
]

# --- the database --------------------------------------------------------------

EMBEDDED_POSTGRES = not env("DATABASE_URL", default="")
_database: dict[str, Any] = (
    embedded_postgres.address(DATA_DIR) if EMBEDDED_POSTGRES else env.db()
)
# A transaction takes milliseconds. One that waits or hangs is ended, and its caller
# told to try again, before it holds up everybody behind it. When a web process is
# killed while its query runs, PostgreSQL looks for it that often, and frees its locks.
TIMEOUTS = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "10s",
    "client_connection_check_interval": "500ms",
}
_given: dict[str, Any] = _database.pop("OPTIONS", {})
_options = [f"-c {name}={limit}" for name, limit in TIMEOUTS.items()]
DATABASES = {
    "default": _database
    | {
        "OPTIONS": {
            "connect_timeout": 3,
            **_given,
            "options": " ".join([*_options, _given.get("options", "")]).strip(),
        },
        # The server's threads live as long as its process, and each keeps its own
        # connection; opening one per request cost a third of the throughput.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in throttling counts here, so every process must see the same counts.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # At its usual 300 a guesser could push the counts out by making others.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# --- people --------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "finova.accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "finova.accounts.forms.JoinForm"
# Who joins is signed in by the link in the mail. To go on at once would tell anybody
# which addresses have an account: those with which one cannot go on.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
# A new address takes the old one's place when its link is followed, not before.
ACCOUNT_CHANGE_EMAIL = True
# Whoever finds a browser signed in cannot take the account over with it.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
# An address is often a whole gym's, so it gets more tries than an account at it. One
# address alone cannot use up what an account has: 60 of 100 an hour.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/5m/key",  # of an address
    "login_failed_here": "5/5m/key",  # of an address at an account
    "login_failed_anywhere": "100/h/key",  # of all strangers at an account
    "login_failed_known_browser": "10/5m/key",
    "second_factor": "5/5m/key,50/d/key",  # of an account, its password being known
    "reset_password": "20/m/ip,3/15m/key",
}
# Of whom may open the admin. Unset: unless the database is a demo's or a test's.
SECOND_FACTOR_FOR_STAFF = PRODUCTION or env.bool(
    "SECOND_FACTOR_FOR_STAFF", default=None
)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "finova.accounts.second_factor.MFAAdapter"
MFA_FORMS = {
    "authenticate": "finova.accounts.second_factor.CodeForm",
    "reauthenticate": "finova.accounts.second_factor.CodeAgainForm",
    "authenticate_webauthn": "finova.accounts.second_factor.PasskeyForm",
    "reauthenticate_webauthn": "finova.accounts.second_factor.PasskeyAgainForm",
    "login_webauthn": "finova.accounts.second_factor.PasskeyAloneForm",
    "add_webauthn": "finova.accounts.second_factor.AddPasskeyForm",
}
# Nobody is signed in here before confirming the first address. While a new one waits
# for its link, the old one counts: second step and new address can be had at once.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# A telephone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
# Browsers take http://localhost for safe; the library has to be told so.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# Proxies in front that add to X-Forwarded-For. Without, the header is not believed:
# uvicorn --proxy-headers has put the visitor's address in place already.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="gym@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- language and time -----------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [
    ("en-gb", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
]
LOCALE_PATHS = [BASE_DIR / "finova" / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
FORMAT_MODULE_PATH = ["finova.formats"]
USE_I18N = True
USE_TZ = True

# --- static files ----------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "finova.one_sheet.OneSheetFinder",
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- security --------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "finova.errors.form_ran_out"
KNOWN_BROWSER_COOKIE_NAME = "known-browser"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    # The load balancer asks behind the proxy, without encryption.
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    KNOWN_BROWSER_COOKIE_NAME = "__Host-known-browser"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "finova.logs.JsonLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    # Both bring a handler of their own, which would say everything a second time.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # A refusal is an answer: `finova.requests` has it at INFO, like any other.
        "django.request": {"level": "ERROR"},
        "uvicorn": {"handlers": [], "propagate": True},
        # Its lines have whole addresses, and with them the keys of our links. It asks
        # for a handler before it writes one, whatever `--no-access-log` said.
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
}
