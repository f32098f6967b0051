#!/usr/bin/env bash
# A PostgreSQL of one's own on loopback, empty and without durability, from the server that the machine has.
#
#   postgres.sh [port]         prints POSTGRES_URL=… and PGDIR=…
#   postgres.sh stop PGDIR     stops it, and removes its folder
set -euo pipefail

bin=$(dirname "$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -1)")
if [[ ! -x $bin/initdb ]]; then
  echo 'No PostgreSQL server here: install the package postgresql, or set POSTGRES_URL' >&2
  exit 1
fi

# PostgreSQL does not run as root.
as_server() {
  if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi
}

if [[ ${1:-} == stop ]]; then
  as_server "$bin/pg_ctl" --pgdata "$2/data" --mode immediate stop >/dev/null
  rm -rf "$2"
  exit
fi

folder=$(mktemp -d)
port=${1:-$((20000 + RANDOM % 20000))}
if ((EUID == 0)); then chown postgres "$folder"; fi
as_server "$bin/initdb" --pgdata "$folder/data" --auth trust --username postgres --encoding UTF8 --locale C --no-sync >/dev/null
as_server "$bin/pg_ctl" --pgdata "$folder/data" --wait --log "$folder/log" \
  --options "-c listen_addresses=127.0.0.1 -p $port -k $folder -c fsync=off -c max_connections=300" start >/dev/null
echo "POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres"
echo "PGDIR=$folder"
