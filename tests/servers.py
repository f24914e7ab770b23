"""Servers that a test may ask for: a PostgreSQL database of its own, an emptied Redis; else it skips."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")


@contextmanager
def postgres_database() -> Iterator[str]:
    """The URL of a new database, dropped afterwards."""
    name = f"paragone_test_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL cannot be reached: {str(error).splitlines()[0]}")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def redis_database(number: int) -> Iterator[str]:
    """The URL of Redis' database of this number, emptied before and afterwards."""
    url = f"{REDIS}/{number}"
    with redis.Redis.from_url(url, socket_connect_timeout=2) as server:
        try:
            server.flushdb()
        except redis.RedisError as error:
            pytest.skip(f"Redis cannot be reached: {error}")
        try:
            yield url
        finally:
            server.flushdb()
