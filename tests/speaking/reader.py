"""A reader of signals as the scenarios know it: shows its token, and reads."""

from typing import Any

from tests.running.waiting import wait_until
from tests.speaking.conversation import Conversation
from tests.speaking.exchange import Answer, Request

FEED = "/api/v1/feed"


class Reader:
    """Reads with the newest of the tokens that it was given, if there is any."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.name = ""
        self.tokens: list[str] = []

    def request(self, path: str = FEED, token: str | None = None) -> Request:
        """A request with a token, in its one place."""
        shown = token or (self.tokens[-1] if self.tokens else None)
        request = Request(path=path)
        return request.adding("Authorization", f"Bearer {shown}".encode()) if shown else request

    def read(self, path: str = FEED, token: str | None = None) -> Answer:
        """Ask once."""
        return self._conversation.send(self.request(path, token))

    def read_all(self, query: str = "") -> list[dict[str, Any]]:
        """Read page after page to the end of the feed; returns the signals."""
        return [event["signal"] for event in self.read_events(query) if event["event"] == "signal"]

    def wait_for(self, id: str) -> None:
        """Return when the feed has this signal; whatever is open elsewhere in the server keeps it back."""
        wait_until(lambda: id in [signal["id"] for signal in self.read_all()], f"{id} can be read")

    def read_events(self, query: str = "") -> list[dict[str, Any]]:
        """The same, with what became of the signals."""
        events: list[dict[str, Any]] = []
        more, after = True, ""
        while more:
            answer = self.read(f"{FEED}?limit=1000{query}{after}")
            assert answer.status == 200, answer.label
            page = answer.json()
            events += page["events"]
            more, after = page["more"], f"&after={page['cursor']}"
        return events
