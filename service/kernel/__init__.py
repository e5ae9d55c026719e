"""What everyone uses and what knows nobody.

- `connection_url`: what a PostgreSQL connection URL says
- `errors`: the root of all refusals
- `limits`: how long the service waits, and how much it takes at once
- `logs`: JSON lines, and the request id that is on them
- `metrics`: every counter and histogram
- `ration`: so much a second and no more
- `sealing_keys`: the form of the keys under which secrets are sealed
- `timestamps`: the one form of date and time, and the clock
"""
