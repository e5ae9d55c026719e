"""Who may send: producers, their keys, and how much they may send.

- `errors`: what the registry refuses
- `keys`: making, ending and resealing keys
- `listing`: producers and keys as operators see them
- `models`: the tables, as Tortoise sees them
- `registry`: making and changing producers; what every change has in common
- `sealing_file`: the sealing key that is made for development
- `uses`: when keys were used last, and how often
"""
