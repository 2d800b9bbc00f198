"""The product's own settings, for a site that is put under stress.

With a fault planted in it, where the environment names one.
"""

import os

from tests.stress import planting

planting.plant(os.environ.get("FINOVA_PLANTED_FAULT", ""))

from finova.settings import *  # noqa: F403

# The password's slowness is not what is measured.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
