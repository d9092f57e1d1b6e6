# SPDX-License-Identifier: Apache-2.0
# The ground the throw-away servers stand on: folder, user, secret, trust anchors, server certificate, accounts, the JSON line.
# Sourced by the servers' scripts; sets: directory, base, secret, authority, asUser (array), and the functions below.

consumers=localhost
factory=factory.localhost
onboarding=onboarding.localhost
stations=stations.localhost
component=devices.localhost
# Who can log in on the consumers' domain. Passwords are no secret here: the server listens on 127.0.0.1 and lives for one test run.
accounts=(weather1:weather1-password weather2:weather2-password person:person-password mallory:mallory-password)
stationPassword=   # where stations cannot log in by certificate: that of them all

say() { printf '%s\n' "$*" >&2; }
die() { say "$0: $*"; exit 1; }

# One P-256 key with a certificate: newCertificate NAME SUBJECT [openssl req options…], self-signed unless -CA is among them.
newCertificate() {
    local name=$1 subject=$2
    shift 2
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -sha256 -days 30 \
        -keyout "$name.key" -out "$name.pem" -subj "$subject" "$@" 2>"$name.log" || die "openssl failed: $(cat "$name.log")"
    rm -f "$name.log"
}

newAuthority() {
    newCertificate "$1" "/O=Throw-away/CN=$2" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# newStation NAME AUTHORITY: a station's certificate as the maker and the owner issue them, for logging in by SASL EXTERNAL.
newStation() {
    newCertificate "$ground/$1" "/CN=live-station" -CA "$2.pem" -CAkey "$2.key" -addext basicConstraints=critical,CA:FALSE \
        -addext extendedKeyUsage=clientAuth -addext "subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:live-station@$stations"
}

# prepare SYSTEM-USER ARGUMENTS…: read the arguments of the script, make the folder and everything in it but the server's own configuration.
prepare() {
    local user=$1 ground
    shift
    [ $# -ge 2 ] && [ $# -le 3 ] || die "usage: $(basename "$0") DIR BASEPORT [SECRET]
  SECRET: of the component; else \$STATIONMASTER_SECRET, else \$STATIONMASTER_TRUST/component.secret, else a new random one.
  \$STATIONMASTER_TRUST: folder with maker-ca.pem and owner-ca.pem as written by 'stationmaster init'; else DIR/authority is made with both.
  Ports: BASEPORT clients with STARTTLS, +1 clients with direct TLS, +2 component, +3 component with TLS,
  +4 the server's own administration."
    mkdir -p "$1"
    directory=$(cd "$1" && pwd)
    base=$2
    [[ $base =~ ^[0-9]{4,5}$ ]] || die "BASEPORT is not a port: $base"
    [ -z "$(ls -A "$directory")" ] || die "$directory is not empty: a throw-away server wants a folder of its own"
    authority=${STATIONMASTER_TRUST:-$directory/authority}
    secret=${3:-${STATIONMASTER_SECRET:-}}
    [ -n "$secret" ] || secret=$(cat "$authority/component.secret" 2>/dev/null || openssl rand -hex 32)

    ground=$directory/trust
    mkdir -p "$ground" "$directory/data" "$directory/log"
    if [ -z "${STATIONMASTER_TRUST:-}" ]; then
        mkdir -p "$authority"
        newAuthority "$authority/maker-ca" "Throw-away maker"
        newAuthority "$authority/owner-ca" "Throw-away owner"
    fi
    cp "$authority/maker-ca.pem" "$ground/onboarding.pem" || die "no maker-ca.pem in $authority"
    cp "$authority/owner-ca.pem" "$ground/stations.pem" || die "no owner-ca.pem in $authority"
    cat "$ground/onboarding.pem" "$ground/stations.pem" > "$ground/clients.pem"

    newAuthority "$ground/server-ca" "Throw-away server authority"
    newCertificate "$ground/server" "/CN=$consumers" -CA "$ground/server-ca.pem" -CAkey "$ground/server-ca.key" \
        -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth \
        -addext "subjectAltName=$(printf 'DNS:%s,' "$consumers" "$factory" "$onboarding" "$stations" "$component")IP:127.0.0.1"
    cat "$ground/server.pem" "$ground/server.key" > "$ground/server.combined.pem"

    # Two certificates for one station: the owner's, which opens the door, and a stranger's, which must not.
    newStation station "$authority/owner-ca"
    newAuthority "$ground/stranger-ca" "Throw-away stranger"
    newStation stranger "$ground/stranger-ca"
    socket=

    # A thousand stations want more files than a shell's usual 1,024.
    ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
    asUser=()
    serverUser=$(id -un)
    if [ "$(id -u)" = 0 ]; then
        id "$user" >/dev/null 2>&1 || die "there is no user $user; is the Debian package $user installed?"
        asUser=(setpriv --reuid="$user" --regid="$(id -gn "$user")" --init-groups)
        serverUser=$user
        "${asUser[@]}" test -x "$(dirname "$directory")" || die "user $user cannot reach $directory: open its parents (chmod a+x)"
    fi
}

# The server's user owns the data, the log and the keys it reads; the folder itself stays ours.
handOver() {
    chmod 755 "$directory"
    chmod 600 "$directory"/trust/*.key "$directory/trust/server.combined.pem"
    if [ "$(id -u)" = 0 ]; then chown -R "$serverUser" "$directory"/{data,log,trust,run} "$@"; fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Refuse ports that are taken, or we would wait for somebody else's server.
wantPorts() {
    local port
    for port in "$@"; do if listens "$port"; then die "port $port is taken"; fi; done
}

# From its start until `describe` has told of it, a server must not outlive this script.
endUnlessDescribed() { trap "kill $1 2>/dev/null" EXIT; }

# awaitPorts PID SECONDS PORT…: until all listen; fails at once when the server has died.
awaitPorts() {
    local pid=$1 tries=$(($2 * 10)) port
    shift 2
    for port in "$@"; do
        until listens "$port"; do
            kill -0 "$pid" 2>/dev/null || return 1
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || return 1
            sleep 0.1
        done
    done
}

giveUp() {
    say "$(basename "$0") did not start; its last words:"
    tail -n 20 "$directory"/log/* >&2
    exit 1
}

# The one line on standard output: describe SERVER VERSION PID
describe() {
    local users='' account
    for account in "${accounts[@]}"; do users+=",\"${account%%:*}@$consumers\":\"${account#*:}\""; done
    printf '{"server":"%s","version":"%s","host":"127.0.0.1",' "$1" "$2"
    printf '"ports":{"client":%d,"directTLS":%d,"component":%d,"componentTLS":%d},' \
        "$base" $((base + 1)) $((base + 2)) $((base + 3))
    printf '"domains":{"consumers":"%s","factory":"%s","onboarding":"%s","stations":"%s","component":"%s"},' \
        "$consumers" "$factory" "$onboarding" "$stations" "$component"
    printf '"secret":"%s","users":{%s},' "$secret" "${users:1}"
    printf '"componentSocket":"%s",' "$socket"   # empty: this server has none
    printf '"stationPassword":"%s",' "$stationPassword"   # empty: stations log in by certificate
    printf '"station":{"jid":"live-station@%s","certificate":"%s","key":"%s"},' "$stations" "$directory/trust/station.pem" "$directory/trust/station.key"
    printf '"stranger":{"jid":"live-station@%s","certificate":"%s","key":"%s"},' "$stations" "$directory/trust/stranger.pem" "$directory/trust/stranger.key"
    printf '"caFile":"%s","authority":"%s","directory":"%s","pid":%d}\n' "$directory/trust/server-ca.pem" "$authority" "$directory" "$3"
    trap - EXIT
}
