"""Tests of `service.intake`: a signal from its JSON to its row, on a real PostgreSQL."""
