"""Tests of `service.readers`, on a real database."""
