# Completion for bash of inforeply, inforeply-cache, inforeply-convert, inforeply-purge,
# inforeply-replay and inforeply-set. What there is to complete comes from the programs' own --help.
# shellcheck shell=bash

_inforeply_options() {
  "$@" --help 2>/dev/null | sed -nE 's/^  (-. \[ )?(--[a-z][a-z-]*).*/\2/p'
}

_inforeply_commands() {
  "$1" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p'
}

# The command among the words of the line, which stands behind options and their arguments.
_inforeply_command() {
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
    -c | --config | --cache | --redis-password-file | --redis-wait | --address | --interval | \
      --listing | --responders)
      ((++i))
      # bash takes a line apart at = as well.
      [[ ${COMP_WORDS[i]} == = ]] && ((++i))
      ;;
    -*) ;;
    *)
      echo "${COMP_WORDS[i]}"
      return
      ;;
    esac
  done
}

_inforeply() {
  local program=$1 current=$2 previous=$3 name=${1##*/} command='' words=''
  COMPREPLY=()
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  [[ $name == inforeply-c* ]] && command=$(_inforeply_command)

  case $name:$previous in
  inforeply-cache:--format)
    words='table json csv'
    [[ $command == show ]] && words='table json'
    [[ $command == stats ]] && words='table json prometheus'
    ;;
  inforeply-cache:--sort)
    words='responder sender answered expires count
      -responder -sender -answered -expires -count'
    ;;
  inforeply-cache:--state) words='answered pending' ;;
  inforeply-cache:--from) words='json vacation postfixadmin gnarwl qmail-autoresponder' ;;
  inforeply-replay:--format) words='table json' ;;
  inforeply-set:--format) words='text json postfixadmin' ;;
  inforeply:--log) words='syslog stderr' ;;
  *:--responders)
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
    return
    ;;
  *:-c | *:--config | *:--cache | inforeply:--responder | inforeply-replay:--responder | \
    inforeply:--mailer | *:--html | *:--due | *:--against | *:--redis-password-file | \
    *:--smtp-password-file | *:--smtp-ca-file | *:--text | *:--json | *:--postfixadmin | \
    *:--listing)
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
    ;;
  # Their arguments are anything.
  *:--sender | *:--responder | *:--since | *:--until | *:--limit | *:--handle | *:--interval | \
    *:--older-than | *:--batch | *:--patience | *:--top | *:-f | *:--recipient | \
    *:--original-recipient | *:--queue-id | *:--now | *:--redis-wait | *:--smtp-user | \
    *:--from-date | *:--subject | *:--address)
    return
    ;;
  *)
    if [[ $current == -* ]]; then
      # shellcheck disable=SC2086 # no command is no word
      words=$(_inforeply_options "$program" $command)
    elif [[ $name == inforeply-cache && -z $command ]]; then
      words=$(_inforeply_commands "$program")
    elif [[ $name == inforeply-convert && -z $command ]]; then
      words='vacation sieve postfixadmin gnarwl qmail-autoresponder'
    elif [[ $name == inforeply-convert || $command == import || $command == backup || $name == inforeply-replay ]]; then
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
    fi
    ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _inforeply inforeply inforeply-cache inforeply-convert inforeply-purge inforeply-replay inforeply-set
