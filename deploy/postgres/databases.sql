-- The product and Temporal have a role and databases each, and neither can reach the other's. To run this again changes nothing but passwords.
\set ON_ERROR_STOP on
\getenv caresync_password CARESYNC_PASSWORD
\getenv temporal_password TEMPORAL_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', wanted.name)
FROM (VALUES ('caresync'), ('temporal')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) \gexec

ALTER ROLE caresync PASSWORD :'caresync_password';
ALTER ROLE temporal PASSWORD :'temporal_password';

SELECT format('CREATE DATABASE %I OWNER %I', wanted.name, wanted.owner)
FROM (VALUES ('caresync', 'caresync'), ('temporal', 'temporal'), ('temporal_visibility', 'temporal')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = wanted.name) \gexec

REVOKE ALL ON DATABASE caresync, temporal, temporal_visibility FROM PUBLIC;
