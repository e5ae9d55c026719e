"""The tables of producers and their keys. The migration says the rest: triggers that count changes."""

from tortoise import fields
from tortoise.fields.db_defaults import Now
from tortoise.indexes import Index
from tortoise.models import Model


class Producer(Model):
    """Who may send under a name of its own."""

    name = fields.TextField(primary_key=True)
    enabled = fields.BooleanField(db_default=True)
    rate = fields.TextField(null=True)
    note = fields.TextField(db_default="")
    created_at = fields.DatetimeField(db_default=Now())
    change = fields.BigIntField(db_default=0)
    keys: fields.ReverseRelation["ProducerKey"]

    class Meta:
        table = "producers"


class ProducerKey(Model):
    """A secret of a producer, sealed. It proves until `ends_at`, when there is one, and never once it is revoked."""

    id = fields.UUIDField(primary_key=True)
    producer: fields.ForeignKeyRelation[Producer] = fields.ForeignKeyField(
        "models.Producer", related_name="keys", on_delete=fields.RESTRICT, db_column="producer"
    )
    sealed = fields.BinaryField()
    created_at = fields.DatetimeField(db_default=Now())
    changed_at = fields.DatetimeField(db_default=Now())
    ends_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    change = fields.BigIntField(db_default=0)

    class Meta:
        table = "producer_keys"
        indexes = (Index(fields=("producer_id",), name="ix_producer_keys_producer"),)
