"""Serves the service with a clock that shows what the file named by TEST_CLOCK says, and the limits in TEST_LIMITS.

    TEST_CLOCK=FILE TEST_LIMITS='{"answer_seconds": 0.5}' \\
        python -m tests.running.serve_with_clock --host 127.0.0.1 --port 0 --workers 1

The file holds one instant in ISO 8601. It may be replaced at any time, and is read again at each look at the clock.
What is not given is as in production.
"""

import argparse
import json
import os
from datetime import datetime
from pathlib import Path

from service.kernel.limits import Limits
from service.kernel.timestamps import Clock, utc_now
from service.server import serve
from service.settings import load_settings


def shown_time() -> datetime:
    """The instant in the clock file."""
    return datetime.fromisoformat(Path(os.environ["TEST_CLOCK"]).read_text())


def main(clock: Clock) -> None:
    """Parse the options that `signals serve` has too, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    options = parser.parse_args()
    limits = Limits(**json.loads(os.environ.get("TEST_LIMITS", "{}")))
    serve(load_settings(), hosts=[options.host], port=options.port, workers=options.workers, clock=clock, limits=limits)


if __name__ == "__main__":
    main(shown_time if "TEST_CLOCK" in os.environ else utc_now)
