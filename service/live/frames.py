"""The bytes of a stream: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), and the
chunks in which HTTP/1.1 carries them. What is written here has no line breaks in it: JSON without white space, and
cursors."""


def event(kind: str, cursor: bytes, data: bytes) -> bytes:
    """One event, and the place after it."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), cursor, data)


def as_expired(event: bytes) -> bytes:
    """The event of a signal that has expired since it was framed: that it has is the last thing that it tells."""
    fresh = b'"expired":false}\n\n'
    return event.removesuffix(fresh) + b'"expired":true}\n\n' if event.endswith(fresh) else event


def place(cursor: bytes) -> bytes:
    """How far the stream has come. Without data it is no event for the reader, who keeps it all the same."""
    return b"id: %b\n\n" % cursor


def greeting(cursor: bytes, retry_ms: int) -> bytes:
    """What a stream begins with: after how long to come back when it breaks off, and from where."""
    return b"retry: %d\nid: %b\n\n" % (retry_ms, cursor)


def chunk(body: bytes) -> bytes:
    """A body, which must not be empty, as one chunk (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(body), body)
