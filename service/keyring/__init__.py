"""The keys of all producers, in memory: so that proving who sent a request asks no database.

- `follower`: keeps the keyring of a process up to date
- `keyring`: who may sign with what; pure
- `listener`: being told of changes
- `reader`: from the database into the keyring
- `sealing`: secrets at rest; pure
"""
