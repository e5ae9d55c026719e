"""Tests of `service.archive`, on a real database and real files."""
