"""What the registry refuses because of the state of things. The message is a sentence for the operator.

RegistryRefusal
├── UnknownProducer
├── UnknownKey
├── TooManyKeys
└── StrangeSealingKey
"""

from service.following.changes import RegistryRefusal


class UnknownProducer(RegistryRefusal):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no producer {name}: `signals producers add` makes one")


class UnknownKey(RegistryRefusal):
    def __init__(self, key_id: object) -> None:
        super().__init__(f"There is no key {key_id}: `signals keys list NAME` tells those of a producer")


class TooManyKeys(RegistryRefusal):
    def __init__(self, name: str, most: int) -> None:
        super().__init__(f"{name} has {most} keys that are live or retiring, which is the most: revoke one first")


class StrangeSealingKey(RegistryRefusal):
    def __init__(self) -> None:
        super().__init__(
            "No key that is in use opens under the SIGNALS_SEALING_KEYS that are set here, so the services would not "
            "open what is sealed here: use theirs, or revoke the keys whose sealing key is lost"
        )
