"""Tests of `service.lifecycle`, on a real database."""
