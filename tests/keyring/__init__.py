"""Tests of `service.keyring`, on a real database."""
