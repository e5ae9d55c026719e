"""Tests of `service.receipts`: by what signals are known again, on a real PostgreSQL."""
