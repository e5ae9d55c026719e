"""The environment variables with which the tests start programs of the service, and those that they obey themselves."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

BASE_URL = os.environ.get("SIGNALS_BASE_URL", "").rstrip("/")
"""The deployment against which the scenarios are to run; empty when they start services of their own."""

BEHIND_PROXY = os.environ.get("BEHIND_PROXY") == "1"
"""Whether a proxy stands before that deployment."""

_OURS = ("APP_", "DATABASE_", "HMAC_", "OTEL_", "PROMETHEUS_", "SENTRY_", "SIGNALS_")

_MEASUREMENT = "COVERAGE_PROCESS_CONFIG"
"""How coverage.py tells a program that it is to be measured."""


def given_secret() -> bytes:
    """The secret of that deployment; empty when none was given."""
    return os.environ.get("HMAC_PRODUCER_SECRET", "").encode() if BASE_URL else b""


def service_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with exactly `settings` as the settings of the service.

    The service is imported from the source tree, whatever the working directory is.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    paths = [str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), **settings}


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment for a program whose coverage is not counted: it starts in half the time, and runs as it does
    in production."""
    return {name: value for name, value in environment.items() if name != _MEASUREMENT}


def is_measured(environment: Mapping[str, str]) -> bool:
    """Whether a program that is started with it has its coverage counted."""
    return _MEASUREMENT in environment
