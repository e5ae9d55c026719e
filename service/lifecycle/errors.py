"""What is refused of those who decide.

Refusal
└── DecisionRefusal
    ├── NotPermitted       403 not_permitted
    ├── SignalExpired      409 signal_expired
    ├── TransitionRefused  409 transition_refused
    └── StateChanged       412 state_changed
"""

from service.kernel.errors import Refusal


class DecisionRefusal(Refusal):
    """The state of a signal stays as it is."""


class NotPermitted(DecisionRefusal):
    status, code = 403, "not_permitted"
    sentence = "You may read this, but not decide it"


class SignalExpired(DecisionRefusal):
    status, code = 409, "signal_expired"
    sentence = "The signal has expired: nothing is decided about it any more"


class TransitionRefused(DecisionRefusal):
    status, code = 409, "transition_refused"
    sentence = "A new signal can be queued or closed, a queued one closed, and a closed one nothing"


class StateChanged(DecisionRefusal):
    status, code = 412, "state_changed"
    sentence = "The state of the signal is not the one in If-Match: read it again, and decide anew"
