"""What everyone uses and what knows nobody.

- `errors`: the root of all refusals
- `limits`: how long the service waits, and how much it takes at once
- `line_writer`: log lines on their way out, in a thread of its own
- `logs`: what is told, as JSON or for people, and the request id that is on it
- `metrics`: every counter and histogram
- `tasks`: background tasks, none of which can die unseen
- `timestamps`: the one form of date and time, and the clock
- `tracing`: the trace of a request, where there is one
"""
