"""What is seen of the service afterwards, and whether it is as it has to be.

- `board`: the board as somebody sees it in a browser
- `contract`: what every answer owes to its reader
- `failures`: how a scenario is told that failed
- `figures`: the metrics
- `log`: the log lines of a scenario
- `published`: what the published document says about answers
- `storage`: the rows
"""
