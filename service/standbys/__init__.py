"""Reading from standbys: what they show is all that the primary has confirmed, and never goes backwards.

- `heartbeat`: how far the primary is, told to its standbys again and again
- `readiness`: whether the feed can be read
- `standby`: the standby that is read, and whether it lags
- `standbys`: the one of the settings, with all that it takes to read it
"""
