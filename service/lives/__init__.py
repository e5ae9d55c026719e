"""The servers that the data has lived in: with each of them the order of the feed begins a new part.

- `horizon`: up to where the order of the feed is final
- `lives`: whether the data has come into another server, and what is done then
- `session`: sessions in which a statement is read in portions
- `settling`: a service does it, and tells it in its log
- `snapshot`: one view of the data, read in the order that indexes have
"""
