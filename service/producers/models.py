"""The tables of producers and their keys. The migration says the rest: checks, a foreign key, and the triggers
that count changes."""

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.indexes import Index
from tortoise.models import Model


class Producer(Model):
    """Who may send under a name of its own. `change` is the number of its latest change, set by a trigger."""

    name = fields.CharField(max_length=64, primary_key=True)
    enabled = fields.BooleanField(db_default=True)
    rate = fields.CharField(max_length=20, null=True)
    note = fields.TextField(db_default="")
    approval = fields.BooleanField(db_default=False)
    duplicates = fields.CharField(max_length=6, null=True)
    created_at = fields.DatetimeField(db_default=Now())
    change = fields.BigIntField(db_default=0)

    class Meta:
        table = "producers"
        indexes = (Index(fields=("change",), name="ix_producers_change"),)


class ProducerKey(Model):
    """A secret of a producer, sealed. It proves until `ends_at`, when there is one, and never once it is revoked.

    `changed_at` is when somebody last decided about it: resealing is no decision.
    """

    id = fields.UUIDField(primary_key=True)
    producer = fields.CharField(max_length=64)
    sealed = fields.BinaryField()
    created_at = fields.DatetimeField(db_default=Now())
    changed_at = fields.DatetimeField(db_default=Now())
    ends_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    change = fields.BigIntField(db_default=0)

    class Meta:
        table = "producer_keys"
        indexes = (
            Index(fields=("producer", "id"), name="ix_producer_keys_producer_id"),
            Index(fields=("change",), name="ix_producer_keys_change"),
        )
