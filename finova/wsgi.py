"""The pages as plain WSGI, for who wants gunicorn or granian instead of asgi.py."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "finova.settings")
os.environ.setdefault("FINOVA_ENV", "production")

application = get_wsgi_application()
