-- Runs once, when PostgreSQL's volume is empty. The product and Temporal have a role and databases each, and neither can reach
-- the other's.
\getenv caresync_password CARESYNC_DATABASE_PASSWORD
\getenv temporal_password TEMPORAL_DATABASE_PASSWORD

CREATE ROLE caresync LOGIN PASSWORD :'caresync_password';
CREATE DATABASE caresync OWNER caresync;
REVOKE ALL ON DATABASE caresync FROM PUBLIC;

CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE temporal, temporal_visibility FROM PUBLIC;
