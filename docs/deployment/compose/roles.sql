-- Who may do what, and the database. Run again, it changes nothing.
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', name, :'password')
FROM (VALUES ('signals_owner'), ('signals')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Behind PgBouncer the service cannot limit its own sessions.
ALTER ROLE signals SET statement_timeout = '1.5s';
ALTER ROLE signals SET lock_timeout = '1s';

SELECT 'CREATE DATABASE signals OWNER signals_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'signals') \gexec

\connect signals
-- The service reads and writes rows, and changes no tables. docs/operations.md has the least that it needs.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO signals;
ALTER DEFAULT PRIVILEGES FOR ROLE signals_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO signals;
