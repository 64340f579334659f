"""The project's settings under an environment of the tests' own."""

import os

os.environ.setdefault("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/hospital")
os.environ.setdefault("CACHE_URL", "redis://127.0.0.1:6379/9")
# Workers of pytest-xdist share the server, neither the cache nor the broker that a test empties before it begins: gw0
# uses databases 10 and 4, gw1 databases 11 and 5, …
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    for name, first in (("CACHE_URL", 10), ("TEST_VALKEY_URL", 4)):
        if url := os.environ.get(name):
            os.environ[name] = f"{url.rpartition('/')[0]}/{first + int(worker.removeprefix('gw')) % 6}"
# The broker's address cannot work: a test that needs one asks for it by a fixture.
os.environ.update(BROKER_URL="amqp://nobody@127.0.0.1:9//", DEBUG="1", LANGUAGE_CODE="en")
for name in ("INSURANCE_URL", "PAYMENT_URL", "PAYMENT_SECRET", "NOTICE_WEBHOOK_URL", "NOTICE_WEBHOOK_SECRET"):
    os.environ.pop(name, None)

from config.settings import *  # noqa: E402, F403

# Looked for when asked for: each test client would else read the whole folder of static files before its first request.
WHITENOISE_AUTOREFRESH = True
