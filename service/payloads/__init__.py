"""Signals by what their payloads contain.

- `index`: made and dropped by operators to whom it is worth its cost
"""
