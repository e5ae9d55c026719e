"""The front door: requests as bytes on a connection, with a limit on all that a client may do to it.

- `budget`: what unfinished requests may make the service keep
- `exchange`: a request and its answer, which leaves in one piece
- `head`: what HTTP/1.1 demands of the head of a request
- `outlet`: the way to one client for who writes an answer past ASGI
- `protocol`: uvicorn's HTTP/1.1 with limits on time and number
- `reading`: its part that reads, with limits on size
- `transport`: when a connection is read from, and how it ends
"""
