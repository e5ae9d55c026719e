"""What is refused because of the month of a signal.

Refusal
└── SignalArchived  410 signal_archived
"""

from service.kernel.errors import Refusal


class SignalArchived(Refusal):
    status, code = 410, "signal_archived"
    sentence = "The signals of that month lie in an archive: they can be neither read nor changed here"
