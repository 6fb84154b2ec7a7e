# shellcheck shell=sh disable=SC2034
# The one list of Debian packages that building and testing need; sourced by the scripts beside it.

build_packages="cmake g++ libboost-program-options-dev libgumbo-dev libhiredis-dev libidn2-dev liblmdb-dev
libmimetic-dev libre2-dev libssl-dev libunistring-dev nettle-dev ninja-build nlohmann-json3-dev pkgconf"

# What tests/bench/peers compares with; Postfix so that nothing pulls in another mail server.
bench_packages="dovecot-sieve maildrop postfix vacation"

# And tests/bench/speed.
speed_packages="maildrop perl postfix postfix-lmdb vacation"

test_packages="apparmor binutils chromium gir1.2-gmime-3.0 iproute2 libgtest-dev lmdb-utils mlmmj openssl
postfix postfix-lmdb python3 python3-gi python3-lmdb redis-tools strace valgrind zsh"

check_packages="clang-format clang-tidy"

# tests/fuzz/run
fuzz_packages="clang libclang-rt-14-dev libgtest-dev"

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
  $sudo apt-get -qq update
  # --no-remove: Postfix must not drive out a mail server that is in use here.
  # shellcheck disable=SC2086 # a list of words
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends --no-remove \
    install $missing >/dev/null
}
