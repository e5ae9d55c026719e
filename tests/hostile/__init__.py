"""Hostile input, byte for byte, against the service as it runs in production."""
