"""The next release of the service: this one, with one migration more."""

import shutil
from pathlib import Path

from service.postgres.schema import migration_files
from tests.running.environment import ROOT

_MIGRATION = '''"""A column more, which this release does not know."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "signals" ADD COLUMN "of_the_next_release" INT NOT NULL DEFAULT 0;
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "signals" DROP COLUMN "of_the_next_release";
"""
'''


def make_next_release(folder: Path) -> Path:
    """A tree that has its `service`; returns the folder."""
    shutil.copytree(ROOT / "service", folder / "service", ignore=shutil.ignore_patterns("__pycache__"))
    name = f"{len(migration_files())}_29990101000000_next.py"
    (folder / "service" / "postgres" / "migrations" / "models" / name).write_text(_MIGRATION)
    return folder
