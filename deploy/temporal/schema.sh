#!/bin/sh
# Creates Temporal's schema, or brings it up to the version of this image. Doing so again changes nothing.
# PostgreSQL is the one that SQL_HOST, SQL_PORT, SQL_USER, SQL_PLUGIN and SQL_TLS_* name; SQL_PASSWORD_FILE holds the password.
set -eu
SQL_PASSWORD=$(cat "$SQL_PASSWORD_FILE")
export SQL_PASSWORD

update() {
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
