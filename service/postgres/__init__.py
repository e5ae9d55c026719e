"""The database: how it is reached, what is in it, and whether it can be trusted.

- `audit`: what operators have changed
- `connector`: sessions, directly or through a pooler
- `durability`: whether an acknowledged commit survives a crash of the server
- `embedded`: the PostgreSQL that comes with the service for development
- `keepalive`: connections whose other end is gone
- `migrations/`: aerich's migrations, written by hand
- `models`: the tables, as Tortoise sees them
- `orm`: the models for commands
- `pool`: connections that cannot hang
- `rehearsal`: a signal of the service's own that is stored and taken back
- `schema`: which migrations there are, and bringing a database up to date
- `session`: one of the sessions, while it is lent
"""
