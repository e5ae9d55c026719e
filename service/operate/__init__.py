"""For those who run the service: how it is, and how it leaves.

- `endpoints`: health, readiness, version, metrics
- `shutdown`: leaving without dropping anyone
"""
