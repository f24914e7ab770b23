"""The site's settings for tests: state in a folder of its own, gone afterwards.

Tests never touch the state of a site that runs here. A conftest would come too late to say so:
pytest-django has loaded the settings before it.
"""

import atexit
import os
import shutil
import tempfile

os.environ["PARAGONE_VAR"] = tempfile.mkdtemp(prefix="paragone-test-")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in a worker, see evalsite/worker.py
os.environ.setdefault("SECRET_KEY", "tests-only-tests-only-tests-only-tests-only-tests-only")

from evalsite.settings import *  # noqa: F403
from evalsite.settings import VAR

atexit.register(shutil.rmtree, VAR, ignore_errors=True)
