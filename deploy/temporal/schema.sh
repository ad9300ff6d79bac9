#!/bin/sh
# Creates Temporal's schema, or brings it up to the version of this image. Doing so again changes nothing.
# PostgreSQL is the one that SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN name.
set -eu

update() {
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
