"""The live feed: signals as they come, to many readers at once.

- `catching_up`: what a stream has missed, from memory or from the database
- `endpoint`: parse, open a stream, end it
- `frames`: server-sent events, and the chunks around them
- `groups`: streams with the same filter, and whom a signal concerns
- `hub`: where new signals go out to all streams
- `memory`: the latest events
- `stream`: one reader's stream
- `sweep`: heartbeats, and who is to go
"""

from service.live.endpoint import LiveFeed

__all__ = ["LiveFeed"]
