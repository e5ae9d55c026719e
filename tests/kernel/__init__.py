"""Tests of `service.kernel`: refusals, logs, metrics, timestamps."""
