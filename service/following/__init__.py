"""What is kept in memory as the database has it: changes are counted there, announced, and looked for.

- `changes`: making a change that is counted
- `follower`: looks for changes all the time
- `listener`: being told of changes
"""
