"""What Patroni says, and what it is told, over its REST interface."""

import asyncio
import json
from collections.abc import Collection
from typing import Any

from tests.cluster.asking import ask
from tests.cluster.layout import HOSTS, NODES, Layout
from tests.running.waiting import until_true

SYNCHRONOUS = {"sync_standby", "quorum_standby"}
CONFIRMS = {"sync", "quorum"}
STREAMING = "streaming"
HEALTHY_SECONDS = 120.0
ASKED_SECONDS = 0.5
"""Between two questions, since each costs Patroni a thread."""

CONFLICT = 409
"""etcd holds something newer than what Patroni has read, as when it has just come back: it is said again."""

TOLD_SECONDS = 30.0
"""A switchover is answered when it is done."""


class Patroni:
    """The three of them. Any may be dead or frozen, so they are asked in turn."""

    def __init__(self, layout: Layout) -> None:
        self._port = layout.ports.patroni

    async def members(self) -> list[dict[str, Any]]:
        """What the first that answers knows of all of them; nothing when none does."""
        for host in HOSTS.values():
            status, body = await ask(host, self._port, "/cluster")
            if status == 200:
                return list(json.loads(body).get("members", []))
        return []

    async def leader(self) -> str:
        """The node that leads, as soon as one does."""
        return await self._first({"leader"}, "one leads")

    async def synchronous(self) -> str:
        """The standby that confirms commits, as soon as one does."""
        return await self._first(SYNCHRONOUS, "a standby confirms")

    async def _first(self, roles: Collection[str], what: str) -> str:
        names: list[str] = []

        async def found() -> bool:
            names.extend(str(each["name"]) for each in await self.members() if each["role"] in roles)
            return bool(names)

        await until_true(found, what, HEALTHY_SECONDS, ASKED_SECONDS)
        return names[0]

    async def is_healthy(self) -> bool:
        """Whether one leads, another one confirms, and the third one follows. By the word of the leader's PostgreSQL:
        of the others Patroni knows what they last said of themselves, and that may be long ago."""
        roles = {each["role"] for each in await self.members()}
        said = await asyncio.gather(*map(self._standbys, NODES))
        following = {each["application_name"] for standbys in said for each in standbys if each["state"] == STREAMING}
        return len(following) == len(NODES) - 1 and bool(roles & SYNCHRONOUS)

    async def until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Return when it is, with no hand."""
        await until_true(self.is_healthy, "one leads, one confirms, one follows", seconds, ASKED_SECONDS)

    async def leads(self, node: str) -> bool:
        """Whether a node says of itself that it leads."""
        status, _ = await ask(HOSTS[node], self._port, "/primary", "OPTIONS")
        return status == 200

    async def is_confirmed(self, node: str) -> bool:
        """Whether a standby confirms what a node commits."""
        return any(each["sync_state"] in CONFIRMS for each in await self._standbys(node) if each["state"] == STREAMING)

    async def _standbys(self, node: str) -> list[dict[str, Any]]:
        """Who follows a node, as its PostgreSQL says."""
        _, body = await ask(HOSTS[node], self._port, "/patroni")
        return list(json.loads(body).get("replication", [])) if body else []

    async def switch_over(self) -> None:
        """`patronictl switchover`: the synchronous standby takes over, as planned."""
        await self._tell("POST", "/switchover", {"leader": await self.leader(), "candidate": await self.synchronous()})

    async def configure(self, **changes: object) -> None:
        """`patronictl edit-config`: all nodes obey within a turn of their loop."""
        await self._tell("PATCH", "/config", changes)

    async def _tell(self, method: str, path: str, body: object) -> None:
        async def taken() -> bool:
            status, said = await ask(HOSTS[await self.leader()], self._port, path, method, body, TOLD_SECONDS)
            assert status in {200, CONFLICT}, said
            return status == 200

        await until_true(taken, f"Patroni takes {path}", TOLD_SECONDS, ASKED_SECONDS)
