"""The tables of readers and their tokens. The migration says the rest: checks, a foreign key, and the triggers that
count changes."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.db_defaults import Now
from tortoise.indexes import Index
from tortoise.models import Model


class RegisteredReader(Model):
    """Who may read, and what: instruments and producers, all where none are named. `may` is what else it may do.
    Once it is revoked it reads nothing any more."""

    name = fields.CharField(max_length=64, primary_key=True)
    instruments: fields.Field[list[str]] = ArrayField("text")
    producers: fields.Field[list[str]] = ArrayField("text")
    may: fields.Field[list[str]] = ArrayField("text")
    created_at = fields.DatetimeField(db_default=Now())
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "readers"


class ReaderToken(Model):
    """A token of a reader, of which the hash is kept. It is good until `ends_at`, when there is one."""

    sha256 = fields.BinaryField(primary_key=True)
    reader = fields.CharField(max_length=64)
    created_at = fields.DatetimeField(db_default=Now())
    ends_at = fields.DatetimeField(null=True)

    class Meta:
        table = "reader_tokens"
        indexes = (Index(fields=("reader", "created_at"), name="ix_reader_tokens_reader_created_at"),)
