"""What is said to the service, and what it answers.

- `connection`: whole requests as bytes, over a connection that knows whether they were handed over
- `conversation`: all that a scenario says and hears
- `event_stream`: a reader of the live feed
- `exchange`: a request, and the answer to it
- `outside`: the deployment that SIGNALS_BASE_URL names, of which nothing but its answers is seen
- `payloads`: payloads of an exact size or shape
- `producer`: writes and signs signals
"""
