"""The front door: what is asked of every request, whatever it is about.

- `answers`: the one JSON shape of a refusal, its log line and its count
- `body_limit`: reads a body, and not more of it than allowed
- `budget`: what unfinished requests may make the service keep
- `errors`: what is refused for the way it is asked
- `exact_path`: a published path has one spelling
- `head`: what HTTP/1.1 demands of the head of a request
- `headers`: the headers as they arrived
- `json_only`: the content types that are taken
- `outlet`: the way to one client for who writes an answer past ASGI
- `protocol`: uvicorn's HTTP/1.1 with limits on time and number
- `reading`: its part that reads, with limits on size
- `request_context`: request id, closing log line, metric, and an answer whatever happens
- `transport`: when a connection is read from, and how it ends
"""
