"""Tests of `service.erasure`, on a real database."""
