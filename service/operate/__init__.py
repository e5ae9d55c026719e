"""For those who run the service: how it is, and how it leaves.

- `clock`: whether the database's agrees with the service's
- `database_time`: what that clock shows
- `endpoints`: health, readiness, version, metrics
- `listeners`: the sockets on which clients connect
- `orphans`: a worker process whose parent is gone leaves
- `shutdown`: leaving without dropping anyone
"""
