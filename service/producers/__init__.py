"""Who may send: producers, their keys, and how much they may send.

- `models`: the tables, as Tortoise sees them
- `names`: what the commands are given and tell: names, rates, durations
- `registry`: adding, changing and listing producers and keys
"""
