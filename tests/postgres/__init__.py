"""Tests of `service.postgres`, on a real server."""
