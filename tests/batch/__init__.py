"""Many signals in one request."""
