"""By what signals are known again, so that each is stored once: signatures, keys of their producers, what they say.

- `claims`: what a request claims beside its signature; pure
- `errors`: what is refused because it was sent before
- `faults`: whose fault it is that signals could not be stored
- `identifiers`: the ids of signals and batches
- `pruning`: receipts are forgotten
- `recognition`: the header `Idempotency-Key`, and the claims of a request
- `settlement`: which signals that claim more than their signature are new, and what becomes of the others
- `statement`: the statements that store signals, one or many, with one commit, and the one that finds them again
"""
