-- A database of the first release with three signals, as pg_dump --no-owner --no-privileges --inserts of
-- PostgreSQL 18 wrote it, without what PostgreSQL 15 does not understand.

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: signals_touch(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.signals_touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW."created_at" := OLD."created_at";
    NEW."updated_at" := clock_timestamp();
    RETURN NEW;
END
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: aerich; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.aerich (
    id integer NOT NULL,
    version character varying(255) NOT NULL,
    app character varying(100) NOT NULL,
    content jsonb NOT NULL
);

--
-- Name: aerich_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.aerich_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: aerich_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.aerich_id_seq OWNED BY public.aerich.id;

--
-- Name: receipts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.receipts (
    key bytea NOT NULL,
    signal_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

--
-- Name: signals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.signals (
    id uuid NOT NULL,
    producer_id text,
    instrument character varying(20) NOT NULL,
    side smallint NOT NULL,
    "time" timestamp with time zone NOT NULL,
    payload jsonb,
    version integer DEFAULT 1 NOT NULL,
    status smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT ck_signals_instrument CHECK (((instrument)::text ~ '^[A-Z0-9._-]{2,20}$'::text)),
    CONSTRAINT ck_signals_side CHECK ((side = ANY (ARRAY[0, 1]))),
    CONSTRAINT ck_signals_status CHECK ((status = ANY (ARRAY[0, 1, 2]))),
    CONSTRAINT ck_signals_version CHECK ((version >= 1))
);

--
-- Name: aerich id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.aerich ALTER COLUMN id SET DEFAULT nextval('public.aerich_id_seq'::regclass);

--
-- Data for Name: aerich; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.aerich VALUES (1, '0_20261124133522_init.py', 'models', '{"models.Aerich": {"app": "models", "name": "models.Aerich", "table": "aerich", "indexes": [], "managed": null, "abstract": false, "pk_field": {"name": "id", "unique": true, "default": null, "indexed": true, "nullable": false, "db_column": "id", "docstring": null, "generated": true, "db_default": "__NOT_SET__", "field_type": "IntField", "constraints": {"ge": -2147483648, "le": 2147483647}, "description": null, "python_type": "int", "db_field_types": {"": "INT"}}, "docstring": null, "fk_fields": [], "m2m_fields": [], "o2o_fields": [], "data_fields": [{"name": "version", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "version", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 255}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(255)", "oracle": "NVARCHAR2(255)"}}, {"name": "app", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "app", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 100}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(100)", "oracle": "NVARCHAR2(100)"}}, {"name": "content", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "content", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "JSONField", "constraints": {}, "description": null, "python_type": "dict | list", "db_field_types": {"": "JSON", "mssql": "NVARCHAR(MAX)", "oracle": "NCLOB", "postgres": "JSONB"}}], "description": null, "unique_together": [], "backward_fk_fields": [], "backward_o2o_fields": []}, "models.Signal": {"app": "models", "name": "models.Signal", "table": "signals", "indexes": [{"name": "ix_signals_instrument_time", "type": "", "extra": "", "fields": ["instrument", "time"], "expressions": []}, {"name": "ix_signals_status", "type": "", "extra": "", "fields": ["status"], "expressions": []}, {"name": "ix_signals_instrument_created_at", "type": "", "extra": "", "fields": ["instrument", "created_at"], "expressions": []}, {"name": "ix_signals_producer_id_created_at", "type": "", "extra": "", "fields": ["producer_id", "created_at"], "expressions": []}], "managed": null, "abstract": false, "pk_field": {"name": "id", "unique": true, "default": "<function uuid.uuid4>", "indexed": true, "nullable": false, "db_column": "id", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "UUIDField", "constraints": {}, "description": null, "python_type": "uuid.UUID", "db_field_types": {"": "CHAR(36)", "postgres": "UUID"}}, "docstring": "A trading signal, stored for good.", "fk_fields": [], "m2m_fields": [], "o2o_fields": [], "data_fields": [{"name": "producer_id", "unique": false, "default": null, "indexed": false, "nullable": true, "db_column": "producer_id", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "TextField", "constraints": {}, "description": null, "python_type": "str", "db_field_types": {"": "TEXT", "mssql": "NVARCHAR(MAX)", "mysql": "LONGTEXT", "oracle": "NCLOB"}}, {"name": "instrument", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "instrument", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 20}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(20)", "oracle": "NVARCHAR2(20)"}}, {"name": "side", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "side", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "SmallIntField", "constraints": {"ge": -32768, "le": 32767}, "description": null, "python_type": "int", "db_field_types": {"": "SMALLINT"}}, {"name": "time", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "time", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}, {"name": "payload", "unique": false, "default": null, "indexed": false, "nullable": true, "db_column": "payload", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "JSONField", "constraints": {}, "description": null, "python_type": "dict | list", "db_field_types": {"": "JSON", "mssql": "NVARCHAR(MAX)", "oracle": "NCLOB", "postgres": "JSONB"}}, {"name": "version", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "version", "docstring": null, "generated": false, "db_default": 1, "field_type": "IntField", "constraints": {"ge": -2147483648, "le": 2147483647}, "description": null, "python_type": "int", "db_field_types": {"": "INT"}}, {"name": "status", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "status", "docstring": null, "generated": false, "db_default": 0, "field_type": "SmallIntField", "constraints": {"ge": -32768, "le": 32767}, "description": null, "python_type": "int", "db_field_types": {"": "SMALLINT"}}, {"name": "created_at", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "created_at", "docstring": null, "generated": false, "db_default": "Now()", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}, {"name": "updated_at", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "updated_at", "docstring": null, "generated": false, "db_default": "Now()", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}], "description": "A trading signal, stored for good.", "unique_together": [], "backward_fk_fields": [], "backward_o2o_fields": []}}');
INSERT INTO public.aerich VALUES (2, '1_20261124133524_receipts.py', 'models', '{"models.Aerich": {"app": "models", "name": "models.Aerich", "table": "aerich", "indexes": [], "managed": null, "abstract": false, "pk_field": {"name": "id", "unique": true, "default": null, "indexed": true, "nullable": false, "db_column": "id", "docstring": null, "generated": true, "db_default": "__NOT_SET__", "field_type": "IntField", "constraints": {"ge": -2147483648, "le": 2147483647}, "description": null, "python_type": "int", "db_field_types": {"": "INT"}}, "docstring": null, "fk_fields": [], "m2m_fields": [], "o2o_fields": [], "data_fields": [{"name": "version", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "version", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 255}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(255)", "oracle": "NVARCHAR2(255)"}}, {"name": "app", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "app", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 100}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(100)", "oracle": "NVARCHAR2(100)"}}, {"name": "content", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "content", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "JSONField", "constraints": {}, "description": null, "python_type": "dict | list", "db_field_types": {"": "JSON", "mssql": "NVARCHAR(MAX)", "oracle": "NCLOB", "postgres": "JSONB"}}], "description": null, "unique_together": [], "backward_fk_fields": [], "backward_o2o_fields": []}, "models.Signal": {"app": "models", "name": "models.Signal", "table": "signals", "indexes": [{"name": "ix_signals_instrument_time", "type": "", "extra": "", "fields": ["instrument", "time"], "expressions": []}, {"name": "ix_signals_status", "type": "", "extra": "", "fields": ["status"], "expressions": []}, {"name": "ix_signals_instrument_created_at", "type": "", "extra": "", "fields": ["instrument", "created_at"], "expressions": []}, {"name": "ix_signals_producer_id_created_at", "type": "", "extra": "", "fields": ["producer_id", "created_at"], "expressions": []}], "managed": null, "abstract": false, "pk_field": {"name": "id", "unique": true, "default": "<function uuid.uuid4>", "indexed": true, "nullable": false, "db_column": "id", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "UUIDField", "constraints": {}, "description": null, "python_type": "uuid.UUID", "db_field_types": {"": "CHAR(36)", "postgres": "UUID"}}, "docstring": "A trading signal, stored for good.", "fk_fields": [], "m2m_fields": [], "o2o_fields": [], "data_fields": [{"name": "producer_id", "unique": false, "default": null, "indexed": false, "nullable": true, "db_column": "producer_id", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "TextField", "constraints": {}, "description": null, "python_type": "str", "db_field_types": {"": "TEXT", "mssql": "NVARCHAR(MAX)", "mysql": "LONGTEXT", "oracle": "NCLOB"}}, {"name": "instrument", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "instrument", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "CharField", "constraints": {"max_length": 20}, "description": null, "python_type": "str", "db_field_types": {"": "VARCHAR(20)", "oracle": "NVARCHAR2(20)"}}, {"name": "side", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "side", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "SmallIntField", "constraints": {"ge": -32768, "le": 32767}, "description": null, "python_type": "int", "db_field_types": {"": "SMALLINT"}}, {"name": "time", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "time", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}, {"name": "payload", "unique": false, "default": null, "indexed": false, "nullable": true, "db_column": "payload", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "JSONField", "constraints": {}, "description": null, "python_type": "dict | list", "db_field_types": {"": "JSON", "mssql": "NVARCHAR(MAX)", "oracle": "NCLOB", "postgres": "JSONB"}}, {"name": "version", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "version", "docstring": null, "generated": false, "db_default": 1, "field_type": "IntField", "constraints": {"ge": -2147483648, "le": 2147483647}, "description": null, "python_type": "int", "db_field_types": {"": "INT"}}, {"name": "status", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "status", "docstring": null, "generated": false, "db_default": 0, "field_type": "SmallIntField", "constraints": {"ge": -32768, "le": 32767}, "description": null, "python_type": "int", "db_field_types": {"": "SMALLINT"}}, {"name": "created_at", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "created_at", "docstring": null, "generated": false, "db_default": "Now()", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}, {"name": "updated_at", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "updated_at", "docstring": null, "generated": false, "db_default": "Now()", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}], "description": "A trading signal, stored for good.", "unique_together": [], "backward_fk_fields": [], "backward_o2o_fields": []}, "models.Receipt": {"app": "models", "name": "models.Receipt", "table": "receipts", "indexes": [{"name": "ix_receipts_created_at", "type": "", "extra": "", "fields": ["created_at"], "expressions": []}], "managed": null, "abstract": false, "pk_field": {"name": "key", "unique": true, "default": null, "indexed": true, "nullable": false, "db_column": "key", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "BinaryField", "constraints": {}, "description": null, "python_type": "bytes", "db_field_types": {"": "BLOB", "mssql": "VARBINARY(MAX)", "mysql": "LONGBLOB", "postgres": "BYTEA"}}, "docstring": "That a signed request was stored: its MAC, and the signal it became. Kept while it could be resent.", "fk_fields": [], "m2m_fields": [], "o2o_fields": [], "data_fields": [{"name": "signal_id", "unique": false, "default": null, "indexed": false, "nullable": false, "db_column": "signal_id", "docstring": null, "generated": false, "db_default": "__NOT_SET__", "field_type": "UUIDField", "constraints": {}, "description": null, "python_type": "uuid.UUID", "db_field_types": {"": "CHAR(36)", "postgres": "UUID"}}, {"name": "created_at", "unique": false, "default": null, "indexed": false, "auto_now": false, "nullable": false, "db_column": "created_at", "docstring": null, "generated": false, "db_default": "Now()", "field_type": "DatetimeField", "constraints": {}, "description": null, "python_type": "datetime.datetime", "auto_now_add": false, "db_field_types": {"": "TIMESTAMP", "mssql": "DATETIME2", "mysql": "DATETIME(6)", "oracle": "TIMESTAMP WITH TIME ZONE", "postgres": "TIMESTAMPTZ"}}], "description": "That a signed request was stored: its MAC, and the signal it became. Kept while it could be resent.", "unique_together": [], "backward_fk_fields": [], "backward_o2o_fields": []}}');

--
-- Data for Name: receipts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.receipts VALUES ('\x6411f27a9f3b903e1feed51b6002a5ab315805c7ecc51b7933638eaa65eec36a', '01a216d9-16e9-74de-94a3-bffcab4f2f5c', '2026-11-26 07:54:15.669517+00');
INSERT INTO public.receipts VALUES ('\x01edd0ac6e2166b3e77ba2228ab6fcb2301c53d210a78219bef9539fa01353f8', '01a216d9-170a-71f4-8d5f-2306af61d72f', '2026-11-26 07:54:15.691307+00');
INSERT INTO public.receipts VALUES ('\x33033833bd2131a54ee7cce9cfc78eebfed12c642d7314ae890f2f2b5791d211', '01a216d9-1738-7278-b389-f3725cbed277', '2026-11-26 07:54:15.736622+00');

--
-- Data for Name: signals; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.signals VALUES ('01a216d9-16e9-74de-94a3-bffcab4f2f5c', 'my-bot', 'XAUUSD', 1, '2026-01-31 12:00:00+00', '{"stop_loss": 1945.50}', 1, 0, '2026-11-26 07:54:15.669517+00', '2026-11-26 07:54:15.669517+00');
INSERT INTO public.signals VALUES ('01a216d9-170a-71f4-8d5f-2306af61d72f', 'my-bot', 'EURUSD_M15', 0, '2026-01-31 12:00:00.123456+00', '{"note": "测试", "price": 0.1234567890123456789012345}', 2, 0, '2026-11-26 07:54:15.691307+00', '2026-11-26 07:54:15.691307+00');
INSERT INTO public.signals VALUES ('01a216d9-1738-7278-b389-f3725cbed277', 'my-bot', 'BTC-USD', 0, '2026-01-31 12:00:00+00', NULL, 1, 0, '2026-11-26 07:54:15.736622+00', '2026-11-26 07:54:15.736622+00');

--
-- Name: aerich_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.aerich_id_seq', 2, true);

--
-- Name: aerich aerich_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.aerich
    ADD CONSTRAINT aerich_pkey PRIMARY KEY (id);

--
-- Name: receipts receipts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (key);

--
-- Name: signals signals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.signals
    ADD CONSTRAINT signals_pkey PRIMARY KEY (id);

--
-- Name: ix_receipts_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_receipts_created_at ON public.receipts USING btree (created_at);

--
-- Name: ix_signals_instrument_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_signals_instrument_created_at ON public.signals USING btree (instrument, created_at);

--
-- Name: ix_signals_instrument_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_signals_instrument_time ON public.signals USING btree (instrument, "time");

--
-- Name: ix_signals_producer_id_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_signals_producer_id_created_at ON public.signals USING btree (producer_id, created_at);

--
-- Name: ix_signals_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_signals_status ON public.signals USING btree (status);

--
-- Name: signals signals_touch; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER signals_touch BEFORE UPDATE ON public.signals FOR EACH ROW EXECUTE FUNCTION public.signals_touch();

--
-- PostgreSQL database dump complete
--

