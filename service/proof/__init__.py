"""Who sent a request: proven, or refused with a reason that helps.

- `authentication`: the guard that checks a signature
- `doctor`: why a signature may have been refused; pure
- `errors`: what is refused because its sender is not proven
- `headers`: the form of the signing headers
- `mistakes`: what producers sign by mistake, as bytes; pure
- `rewritings`: a body as other programs write it, as bytes; pure
- `signing`: which bytes are signed, and how; pure
- `signing_headers`: the guard that refuses what cannot be proven whatever the body is
- `trail`: the line and the count of a request that is refused here
"""
