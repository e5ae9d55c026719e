"""What happens here, told to who watches from outside. Nothing of it is imported while it is off.

- `error_tracking`: exceptions, to an error tracker that speaks Sentry's protocol
- `requests`: where the trace of a request begins, has parts, and ends
- `traces`: traces by OpenTelemetry, the one module that imports it
- `tracing`: whether there is a collector of traces
"""
