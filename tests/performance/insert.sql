INSERT INTO signals (id, producer_id, instrument, side, time, payload, version)
VALUES (uuidv7(), 'bench', 'XAUUSD', 0, now(), :payload, 1) RETURNING id, status, created_at;
