#!/bin/sh
# Starts PostgreSQL with the certificate and the key that CERTIFICATE_FILE and KEY_FILE name. It wants the key as a file that only its own user
# can read, which a mounted secret is not.
set -eu
install -o postgres -g postgres -m 600 "$KEY_FILE" /tls/key
exec docker-entrypoint.sh "$@" -c ssl=on -c ssl_cert_file="$CERTIFICATE_FILE" -c ssl_key_file=/tls/key -c hba_file=/deploy/pg_hba.conf
