"""Who may read what: tokens of readers, in memory, and how far they reach.

- `authentication`: the guard that knows who reads
- `errors`: what is refused because nobody knows who reads
- `filter`: which signals a reader wants, and may see; pure
- `loader`: from the database into memory
- `models`: the tables, as Tortoise sees them
- `readers`: whose token is whose; pure
- `registry`: making, listing and ending readers
- `scope`: what a reader may see; pure
- `tokens`: the form of a token; pure
"""
