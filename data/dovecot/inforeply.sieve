# /etc/dovecot/inforeply.sieve: answer the message, and go on with it as if nothing had been.
require ["copy", "envelope", "variables", "vnd.dovecot.pipe"];

if envelope :matches "from" "*" {
  set "sender" "${1}";
  if envelope :matches "to" "*" {
    # ":copy" keeps the message; ":try" has it delivered even if the program fails.
    pipe :copy :try "inforeply" ["${sender}", "${1}"];
  }
}
