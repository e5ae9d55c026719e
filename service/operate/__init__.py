"""For those who run the service: how it is, and how it leaves.

- `clock`: whether the database's agrees with the service's
- `database_time`: what that clock shows
- `endpoints`: health, readiness, version, metrics
- `figures`: what they say before anything has happened
- `listeners`: the sockets on which clients connect
- `orphans`: a worker process whose parent is gone leaves
- `process`: what the service asks of the system for its own process
- `readiness`: whether a signal could be stored now
- `serving`: uvicorn's server and its worker processes
- `shapes`: what the answers look like, for the published document
- `shutdown`: leaving without dropping anyone
"""
