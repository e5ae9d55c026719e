"""Exceptions and traces, as those receive them who watch from outside."""
