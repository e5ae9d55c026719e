"""What operators are refused, because of the state of things. The message is a sentence for the operator.

RegistryRefusal
├── AtWork
└── NobodyOfThatName
"""

from service.following.changes import RegistryRefusal


class AtWork(RegistryRefusal):
    def __init__(self) -> None:
        super().__init__("Another process archives, restores or forgets: run this again when it is done")


class NobodyOfThatName(RegistryRefusal):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is neither a producer {name} nor anything that it has sent")
