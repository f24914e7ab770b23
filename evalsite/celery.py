"""The Celery application. Tasks live in each app's `tasks.py`; the database holds their truth."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["filesystem"] = "evalsite.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
app = Celery("paragone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["evalsite"], related_name="worker")  # heart-beat and sweep
