"""What Patroni says, and what it is told, over its REST interface."""

import json
from typing import Any

from tests.cluster.asking import ask
from tests.cluster.layout import HOSTS, NODES, Layout
from tests.running.waiting import until_true

RUNNING = {"running", "streaming"}
SYNCHRONOUS = {"sync_standby", "quorum_standby"}
HEALTHY_SECONDS = 120.0
ASKED_SECONDS = 0.5
"""Between two questions, since each costs Patroni a thread."""

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
        """The node that leads. Fails when there is none."""
        return next(str(each["name"]) for each in await self.members() if each["role"] == "leader")

    async def synchronous(self) -> str:
        """The standby that confirms commits. Fails when there is none."""
        return next(str(each["name"]) for each in await self.members() if each["role"] in SYNCHRONOUS)

    async def is_healthy(self) -> bool:
        """Whether one leads, another one confirms, and the third one follows."""
        members = await self.members()
        roles = {each["role"] for each in members}
        there = [each for each in members if each["state"] in RUNNING]
        return len(there) == len(NODES) and "leader" in roles and bool(roles & SYNCHRONOUS)

    async def until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Return when it is, with no hand."""
        await until_true(self.is_healthy, "one leads, one confirms, one follows", seconds, ASKED_SECONDS)

    async def leads(self, node: str) -> bool:
        """Whether a node says of itself that it leads."""
        status, _ = await ask(HOSTS[node], self._port, "/primary", "OPTIONS")
        return status == 200

    async def switch_over(self) -> None:
        """`patronictl switchover`: the synchronous standby takes over, as planned."""
        await self._tell("POST", "/switchover", {"leader": await self.leader(), "candidate": await self.synchronous()})

    async def configure(self, **changes: object) -> None:
        """`patronictl edit-config`: all nodes obey within a turn of their loop."""
        await self._tell("PATCH", "/config", changes)

    async def _tell(self, method: str, path: str, body: object) -> None:
        status, said = await ask(HOSTS[await self.leader()], self._port, path, method, body, TOLD_SECONDS)
        assert status == 200, said
