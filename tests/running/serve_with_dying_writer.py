"""Serves the service with a clock that, when it is looked at, kills the writer once the file TEST_DEATH is there.

    TEST_DEATH=FILE python -m tests.running.serve_with_dying_writer --host 127.0.0.1 --port 0 --workers 1

Each signal has the clock looked at. The file is removed, so that the process that comes next lives.
"""

import asyncio
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from service.kernel.timestamps import utc_now
from tests.running import serve_with_clock


def deadly_time() -> datetime:
    """The time; who asks for it may not live to see it."""
    with suppress(FileNotFoundError):
        Path(os.environ["TEST_DEATH"]).unlink()
        [writer] = [task for task in asyncio.all_tasks() if task.get_name() == "writer"]
        writer.cancel()
    return utc_now()


if __name__ == "__main__":
    serve_with_clock.main(deadly_time)
