"""What happens here, told to who watches from outside. Nothing of it is imported while it is off.

- `error_tracking`: exceptions, to an error tracker that speaks Sentry's protocol
"""
