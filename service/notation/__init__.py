"""How things are written: what operators say in settings and commands, and what readers are shown; pure.

- `connection_url`: where a PostgreSQL is, and how to speak to it
- `duplicates`: what becomes of signals that say the same again
- `duration`: how long something is to last
- `rate`: how many signals a producer may send
- `sealing_keys`: the keys under which secrets are sealed
- `shapes`: how a signal, and what became of it, becomes JSON
"""
