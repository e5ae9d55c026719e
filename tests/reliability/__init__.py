"""What the service promises while things break: every fault on a real PostgreSQL, under load, with a count at the end.

`pytest tests/reliability` runs a short form of each; `make test-reliability` runs the full numbers.
"""
