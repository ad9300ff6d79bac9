#!/bin/sh
# Starts Temporal's server with the password of its database, which it reads from a variable only.
set -eu
POSTGRES_PWD=$(cat "$POSTGRES_PWD_FILE")
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
