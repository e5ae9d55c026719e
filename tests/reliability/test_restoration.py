"""A dump is restored into another server: what was revoked since proves again, and the operator is told."""

import pytest
from structlog.typing import EventDict

from service.kernel.timestamps import parse_timestamp
from service.postgres.orm import orm
from service.producers import keys
from tests.keyring.registered import reading, register
from tests.keyring.test_restoration import told
from tests.reliability.lab import Lab
from tests.running.dumps import dumped, restore
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio


async def test_a_dump_brings_a_revoked_key_back_and_it_is_told(
    lab: Lab, database: Database, log_lines: list[EventDict]
) -> None:
    """Red when no life is begun: nobody is told."""
    [alpha] = await register(database, "alpha")
    dump = dumped(database.url)
    async with orm(database.url):
        await keys.revoke("tests", alpha.key_id)
    postgresql = await lab.postgresql()
    await postgresql.execute("CREATE DATABASE restored")
    url = f"postgresql://postgres@/restored?host={postgresql.folder}"
    restore(dump, url)
    async with reading(url) as read:
        await read.reader.read()
        assert read.secrets("alpha") == [alpha.secret]
        [(count, remedy)] = told(log_lines)
        assert count == 1
        async with orm(url):
            await keys.revoke_before("tests", parse_timestamp(remedy.split()[-1]))
        await read.reader.read()
        assert read.secrets("alpha") == []
    assert len(told(log_lines)) == 1
