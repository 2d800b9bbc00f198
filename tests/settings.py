import os

os.environ.setdefault("FINOVA_ENV", "development")

from finova.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# tests/finova/test_required_second_factor.py switches it on.
SECOND_FACTOR_FOR_STAFF = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# The browser tests' server runs in threads that outlive a test; a connection that
# stayed open would keep the test database from being dropped.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
