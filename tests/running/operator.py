"""The operator of a scenario's service, who gives commands."""

import json
from collections.abc import Mapping
from typing import Any

from typer.testing import CliRunner, Result

from service.cli import app
from service.notation.sealing_keys import new_sealing_key
from tests.running import confidential
from tests.running.deployment import Deployment

SEALING_KEY = new_sealing_key()


class Operator:
    """Gives commands to the database of a service. Each returns when every process of the service knows."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.sealing_keys = SEALING_KEY
        self.keys: dict[str, list[str]] = {}
        """The ids of the keys that were made for each producer."""
        self.secrets: list[bytes] = []

    def run(self, *arguments: str) -> Result:
        """Give a command."""
        environment = {"DATABASE_URL": self._deployment.database.url, "SIGNALS_SEALING_KEYS": self.sealing_keys}
        result = CliRunner().invoke(app, [*arguments], env=environment)
        self._note(result)
        return result

    def told(self, *arguments: str) -> Any:
        """What a command tells a script that succeeds."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def add_key(self, *arguments: str) -> bytes:
        """Make a key with this command for the producer that is its last word; returns the secret."""
        told: Mapping[str, str] = self.told(*arguments)
        self.keys.setdefault(arguments[-1], []).append(told["key_id"])
        self.secrets.append(told["secret"].encode())
        return self.secrets[-1]

    def _note(self, result: Result) -> None:
        for line in result.stdout.splitlines():
            told = json.loads(line) if line.startswith("{") else {}
            confidential.note_secret((told.get("secret") or line.partition("SECRET=")[2]).encode())
            confidential.note_token(told.get("token") or line.partition("TOKEN=")[2])
