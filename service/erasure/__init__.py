"""A producer is forgotten: what it has sent, and that it was it who has sent it.

- `erasures`: who was forgotten stays forgotten in what is put back
- `errors`: what operators are refused
- `forgetting`: it is erased wherever it stands
- `mentions`: whom an archive may name, without its names
- `portions`: how many rows are changed at once
- `receipts`: the receipts of what it has sent
- `trail`: the audit trail without its name
- `transitions`: what only the owner of the table of transitions may do to it
"""
