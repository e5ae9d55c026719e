"""What the service of a scenario has written to its log meanwhile."""

from contextlib import suppress

from tests.running.deployment import Deployment
from tests.running.log_lines import LogLine
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Answer


class Log:
    """The log of a scenario's service, from the beginning of the scenario on."""

    def __init__(self, deployment: Deployment, conversation: Conversation) -> None:
        self._deployment = deployment
        self._conversation = conversation

    def lines(self, answer: Answer | None = None) -> list[LogLine]:
        """What the service has logged about one request, or else about the latest, complete."""
        request_id = (answer or self._conversation.answer).request_id
        return self._deployment.service.log.about(request_id, self._deployment.beginning.log_position)

    def wait_for(self, message: str) -> None:
        """Return when a line with this message has been written since the scenario began."""
        beginning = self._deployment.beginning.log_position
        self._deployment.service.log.wait_for_line(lambda line: line["message"] == message, message, beginning)

    def since_beginning(self) -> list[LogLine]:
        """All that the service has logged since the scenario began, the latest request included."""
        self.lines()
        return self._deployment.service.log.since(self._deployment.beginning.log_position)

    def text(self) -> str:
        """The same as text."""
        self.lines()
        return self._deployment.service.log.text(self._deployment.beginning.log_position)

    def text_about_latest(self) -> str:
        """The lines about the latest request as text, complete or, when its closing line never comes, as they are."""
        with suppress(AssertionError):
            self.lines()
        log = self._deployment.service.log.text(self._deployment.beginning.log_position)
        return "\n".join(line for line in log.splitlines() if self._conversation.answer.request_id in line)
