"""How much producers may send: their rates, kept by all processes and machines together.

- `admissions`: how many signals of one request may pass
- `allowance`: what one process may let through of one producer; pure
- `errors`: what is refused beyond a rate
- `exchange`: the one statement in which processes and the database tell each other
- `fields`: what producers are told of their rates
- `guard`: the guard that lets proven senders pass within their rates
- `quotas`: the requests that wait, and the exchanges
- `usage`: how much producers have sent lately
"""
