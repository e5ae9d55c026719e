"""A signal on its way in: read, checked, stored, answered.

- `commits`: batches of signals, committed, and what is done when that fails
- `endpoint`: POST /api/v1/signals
- `journal`: each signal that was stored has its line and is counted
- `queue`: signals that wait, with the outcomes that their requests wait for
- `signal`: the fields of a signal, and the answer to one
- `storing`: one attempt to store a batch
- `terms`: how fresh signals must be, when they expire, and whether they need approval
- `writer`: signals that arrive together share a commit
"""
