"""For those who run the service: how it is, and how it leaves.

- `clock`: whether the database's agrees with the service's
- `endpoints`: health, readiness, version, metrics
- `figures`: what they say before anything has happened
- `listeners`: the sockets on which clients connect
- `orphans`: a worker process whose parent is gone leaves
- `serving`: uvicorn's server and its worker processes
- `shutdown`: leaving without dropping anyone
"""
