"""The tables, as Tortoise sees them. The migrations say the rest: checks, defaults in SQL, and the trigger."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import Now, SqlDefault
from tortoise.indexes import Index
from tortoise.models import Model


class TransactionIdField(fields.BigIntField):
    """The number of a transaction, which does not wrap around."""

    SQL_TYPE = "XID8"


class _IndexOfExpiring(Index):
    """Without what is closed, or never expires, which is most."""

    def __init__(self, *, fields: tuple[str, ...], name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.extra = ' WHERE "status" <> 2 AND "expires_at" IS NOT NULL'


class Signal(Model):
    """A trading signal, stored for good. Signals are read in the order of epoch, xact and id: a number for the server
    that has stored it, one for the transaction, and its own."""

    id = fields.UUIDField(primary_key=True)
    producer_id = fields.TextField(null=True)
    instrument = fields.CharField(max_length=20)
    side = fields.SmallIntField()
    time = fields.DatetimeField()
    payload: fields.JSONField[dict[str, Any] | None] = fields.JSONField(null=True)
    version = fields.IntField(db_default=1)
    status = fields.SmallIntField(db_default=0)
    state_version = fields.IntField(db_default=0)
    expires_at = fields.DatetimeField(null=True)
    approval = fields.CharField(max_length=8, db_default="none")
    created_at = fields.DatetimeField(db_default=Now())
    updated_at = fields.DatetimeField(db_default=Now())
    key_id = fields.UUIDField(null=True)
    epoch = fields.BigIntField(db_default=SqlDefault("signals_epoch(1)"))
    xact = TransactionIdField(db_default=SqlDefault("pg_current_xact_id()"))

    class Meta:
        table = "signals"
        indexes = (
            Index(fields=("instrument", "time"), name="ix_signals_instrument_time"),
            Index(fields=("status",), name="ix_signals_status"),
            Index(fields=("instrument", "created_at"), name="ix_signals_instrument_created_at"),
            Index(fields=("producer_id", "created_at"), name="ix_signals_producer_id_created_at"),
            Index(fields=("epoch", "xact", "id"), name="ix_signals_position"),
            Index(fields=("instrument", "epoch", "xact", "id"), name="ix_signals_instrument_position"),
            _IndexOfExpiring(fields=("expires_at",), name="ix_signals_expiring"),
        )


class _IndexOfBatches(Index):
    """Without the receipts of single signals, which are most."""

    def __init__(self, *, fields: tuple[str, ...], name: str) -> None:
        super().__init__(fields=fields, name=name)
        self.extra = ' WHERE "batch_id" IS NOT NULL'


class Receipt(Model):
    """That something was stored, by what it is known again until `expires_at`: the MAC of its request, a key that its
    producer chose, or what it says."""

    key = fields.BinaryField(primary_key=True)
    signal_id = fields.UUIDField()
    fingerprint = fields.BinaryField(null=True)
    batch_id = fields.UUIDField(null=True)
    signal_ids = ArrayField(element_type="uuid", null=True)
    differs = ArrayField(element_type="bool", null=True)
    created_at = fields.DatetimeField(db_default=Now())
    expires_at = fields.DatetimeField(db_default=SqlDefault("(CURRENT_TIMESTAMP + INTERVAL '15 minutes')"))

    class Meta:
        table = "receipts"
        indexes = (
            Index(fields=("expires_at",), name="ix_receipts_expires_at"),
            _IndexOfBatches(fields=("batch_id",), name="ix_receipts_batch_id"),
        )


class AuditEntry(Model):
    """What an operator has changed, with which command."""

    id = fields.UUIDField(primary_key=True)
    at = fields.DatetimeField(db_default=Now())
    by = fields.TextField()
    command = fields.TextField()
    what: fields.JSONField[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "audit"
        indexes = (Index(fields=("at", "id"), name="ix_audit_at_id"),)


class Life(Model):
    """A server that the data has lived in: the first one, and each into which a dump of it was restored."""

    life = fields.IntField(primary_key=True, generated=False)
    system_identifier = fields.BigIntField()
    started_at = fields.DatetimeField(db_default=Now())

    class Meta:
        table = "lives"
