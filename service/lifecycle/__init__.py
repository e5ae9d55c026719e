"""What becomes of a signal: who may change its state, and when.

- `condition`: on which version of the state a decision depends; pure
- `deciding`: a decision is judged, and made once
- `decision`: what somebody wants to be done; pure
- `endpoint`: parse, one call, one answer
- `errors`: what is refused of those who decide
- `expiry`: what has expired is closed
- `guards`: who decides, or looks at a signal of its own
- `statement`: the state of a signal, and the one statement that changes it
"""
