#include "inforeply/envelope.hpp"

#include "inforeply/text.hpp"

namespace inforeply {

std::string normalize_sender(std::string_view argument) {
  if (argument.starts_with('<') && argument.ends_with('>')) {
    argument = argument.substr(1, argument.size() - 2);
  }
  if (equals_ignoring_case(argument, "MAILER-DAEMON")) return {};
  return std::string(argument);
}

}  // namespace inforeply
