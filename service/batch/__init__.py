"""Many signals in one request: each is checked as it is alone, and all that are good share one transaction.

- `copying`: how most new signals are stored
- `culprits`: which signals of a batch PostgreSQL refuses
- `endpoint`: POST /api/v1/signals/batch
- `envelope`: the items of a batch, as values and as they are written; pure
- `errors`: what is refused as a batch
- `items`: each item, checked as one signal is
- `lane`: batches on their way to the database, beside the single signals
- `results`: what is told of each item
- `shapes`: what is sent and answered, for the published document
- `statement`: the one transaction of a batch
"""
