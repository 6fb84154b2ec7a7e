# shellcheck shell=sh disable=SC2034
# The one list of Debian packages that building and testing need; sourced by the scripts beside it.

build_packages="cmake g++ libboost-program-options-dev libgumbo-dev libhiredis-dev libical-dev libidn2-dev liblmdb-dev
libmimetic-dev libre2-dev libssl-dev libunistring-dev nettle-dev ninja-build nlohmann-json3-dev pkgconf"

# What tests/bench/peers compares with, or what that needs; Postfix so that nothing pulls in another
# mail server. It takes Exim, PostfixAdmin, gnarwl and their servers by itself.
bench_packages="dovecot-sieve libdbd-pg-perl libemail-sender-perl libemail-valid-perl libgdbm6 libidn12
liblmdb0 liblog-dispatch-perl liblog-log4perl-perl libmime-encwords-perl libnet-dns-perl libtry-tiny-perl
maildrop postfix vacation"

# And tests/bench/speed.
speed_packages="maildrop perl postfix postfix-lmdb vacation"

# tests/bench/replay, if there is no npm of another make.
replay_packages="npm"

test_packages="apparmor binutils chromium dovecot-sieve fetchmail gir1.2-gmime-3.0 iproute2 libgtest-dev
lmdb-utils maildrop mandoc mlmmj opendkim openssl postfix postfix-lmdb procmail python3 python3-dateutil
python3-dkim python3-gi python3-icalendar python3-lmdb python3-recurring-ical-events redis-tools rspamd strace valgrind zsh
libdb5.3 libevent-2.1-7 libgnutls-dane0 libidn12 libnsl2 libpcre2-8-0"

# Mail servers that conflict with Postfix: tests/e2e takes the programs out of them. What those are linked with
# is among test_packages.
download_packages="exim4-base exim4-daemon-light opensmtpd"

check_packages="clang-format clang-tidy"

# tests/fuzz/run
fuzz_packages="clang libclang-rt-14-dev libgtest-dev"

# tools/make-package, beside those to build
package_packages="build-essential debhelper dh-apparmor git lintian"

# What tests/fresh-root makes a root with.
root_packages="debootstrap git"

# install_packages NAME...: installs those that are missing, with sudo where we are not root.
install_packages() {
  missing=
  for package; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  echo "installing:$missing"
  case " $missing " in
  *" postfix "*)
    # Unconfigured, it neither asks nor runs: the tests set up a private one.
    echo 'postfix postfix/main_mailer_type select No configuration' | $sudo debconf-set-selections
    ;;
  esac
  # The tests run their own of these.
  for service in opendkim rspamd; do
    case " $missing " in
    *" $service "*) [ ! -d /run/systemd/system ] || $sudo systemctl --quiet mask "$service" ;;
    esac
  done
  $sudo apt-get -qq update
  # --no-remove: Postfix must not drive out a mail server that is in use here.
  # shellcheck disable=SC2086 # a list of words
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends --no-remove \
    install $missing >/dev/null
}

# unpack_packages FOLDER: the programs of download_packages, in FOLDER; without a word if it is there.
unpack_packages() {
  [ -d "$1" ] && return 0
  mkdir -p "$(dirname "$1")"
  packages=$(mktemp -d "$1.XXXXXX")
  # shellcheck disable=SC2086 # a list of words
  (cd "$packages" && apt-get -qq download $download_packages 2>/dev/null) || return
  for package in "$packages"/*.deb; do
    dpkg -x "$package" "$packages/root" || return
  done
  mv "$packages/root" "$1"
  rm -r "$packages"
}
