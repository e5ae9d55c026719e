"""Signals lie in one table a month, by their ids, which begin with the time at which they were made.

- `archived`: which months lie in an archive
- `errors`: what is refused of them
- `making`: months are made before they come, and what came too early finds its place
- `month`: a month of UTC, and the ids that may be made in it; pure
- `partitions`: which months there are
- `turn`: what only one process may do at a time, and takes a table for itself for a moment
- `upkeep`: a service sees to it, and tells how far it has come
"""
