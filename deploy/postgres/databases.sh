#!/bin/sh
# Makes the roles and databases, or gives existing roles the passwords of today's secrets. Doing so again changes nothing else.
# PostgreSQL is the one that PG* name; the files that *_FILE name hold its passwords.
set -eu

PGPASSWORD=$(cat "$PGPASSWORD_FILE")
CARESYNC_PASSWORD=$(sed -n 's|^postgres://caresync:\([^@]*\)@.*|\1|p' "$DATABASE_URL_FILE")
TEMPORAL_PASSWORD=$(cat "$TEMPORAL_PASSWORD_FILE")
if [ -z "$CARESYNC_PASSWORD" ]; then
  echo "databases: the secret database_url has no password of the role caresync" >&2
  exit 1
fi
export PGPASSWORD CARESYNC_PASSWORD TEMPORAL_PASSWORD
exec psql --quiet --no-psqlrc --file=/deploy/databases.sql
