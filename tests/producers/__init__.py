"""Tests of `service.producers`, on a real database."""
