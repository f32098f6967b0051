#!/usr/bin/env bash
# PostgreSQL with the extension DocumentDB on loopback, empty and without durability: the engine behind mongodb.ts.
# Both are of Debian sid, in a folder of their own, through the mirror that this machine's apt uses. For root, on Debian.
#
#   documentdb.sh port         prints POSTGRES_URL=… and PGDIR=…
#   documentdb.sh stop PGDIR   stops it, and removes its folder
#
# The first start downloads 145 MB.
set -euo pipefail

home=${TMPDIR:-/tmp}/custom-jwt-auth-documentdb
root=$home/root
bin=/usr/lib/postgresql/18/bin
id=70000 # of nobody else

# Runs a program of the folder, as the user of the server.
as_server() { chroot --userspec=$id:$id "$root" /usr/bin/env -i LC_ALL=C.UTF-8 PATH=$bin:/usr/bin "$@" >/dev/null; }

if [[ $1 == stop ]]; then
  as_server pg_ctl --pgdata "$2/data" --mode immediate stop
  rm -rf "${root:?}$2"
  exit
fi

install_root() {
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Origin: Debian' 'Label: Debian' | head -1)
  if [[ ! $mirror ]]; then
    echo 'No Debian in the sources of apt (after apt-get update): set MONGODB_URI to a server that you have' >&2
    exit 1
  fi
  rm -rf "$home"/{etc,state,cache,root}
  mkdir -p "$home"/{etc/preferences.d,state/lists/partial,cache/archives/partial} "$root"/{dev,etc}
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$home/etc/sources.list"
  touch "$home/state/status"
  local apt=(apt-get -qq -o "Dir::Etc=$home/etc" -o "Dir::State=$home/state" -o "Dir::Cache=$home/cache"
    -o "Dir::State::status=$home/state/status" -o APT::Sandbox::User=root -o Acquire::Languages=none)
  "${apt[@]}" update
  "${apt[@]}" install --yes --no-install-recommends --download-only \
    postgresql-18-documentdb postgresql-18-postgis-3-scripts base-files bash coreutils libc-bin tzdata
  # base-files has the links /bin, /lib and /sbin, which the others' files go through.
  for package in "$home"/cache/archives/{base-files_*,*}.deb; do dpkg-deb --extract "$package" "$root"; done
  rm -rf "$home"/{state,cache} "$root"/usr/share/{doc,man,locale} "$root"/usr/lib/postgresql/18/lib/bitcode
  # What the packages' own scripts would do.
  ln -s bash "$root/usr/bin/sh"
  ln -s postgis-3.control "$root/usr/share/postgresql/18/extension/postgis.control"
  chroot "$root" /sbin/ldconfig
  mknod -m 666 "$root/dev/null" c 1 3
  mknod -m 666 "$root/dev/zero" c 1 5
  mknod -m 666 "$root/dev/urandom" c 1 9
  echo "server:x:$id:$id::/tmp:/bin/bash" >"$root/etc/passwd"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  touch "$home/complete"
}

mkdir -p "$home"
exec 9>"$home/lock"
flock 9 # two may start at once
if [[ ! -e $home/complete ]]; then install_root >&2; fi
exec 9>&-

folder=$(mktemp -d "$root/tmp/pg-XXXXXX")
chown $id:$id "$folder"
folder=${folder#"$root"}
as_server initdb --pgdata "$folder/data" --auth trust --username postgres --encoding UTF8 --locale C.UTF-8 --no-sync
cat >>"$root$folder/data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '$folder'
shared_preload_libraries = 'pg_cron, pg_documentdb_core, pg_documentdb'
cron.database_name = 'postgres'
documentdb.localhost_connection_string = 'host=127.0.0.1'
dynamic_shared_memory_type = mmap
fsync = off
max_connections = 100
SETTINGS
as_server pg_ctl --pgdata "$folder/data" --log "$folder/log" --wait start
echo "POSTGRES_URL=postgres://postgres@127.0.0.1:$1/postgres"
echo "PGDIR=$folder"
