"""The keys of all producers, in memory: so that proving who sent a request asks no database.

- `keyring`: who may sign with what; pure
- `reader`: from the database into the keyring
- `sealing`: secrets at rest; pure
"""
