#include "inforeply/envelope.hpp"

#include <cstdlib>
#include <optional>
#include <string>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

EnvelopeVariables read_envelope_variables() {
  return {variable("SENDER"), variable("RECIPIENT").value_or(""),
          variable("ORIGINAL_RECIPIENT").value_or("")};
}

std::string normalize_sender(std::string_view argument) {
  if (argument.starts_with('<') && argument.ends_with('>')) {
    argument = argument.substr(1, argument.size() - 2);
  }
  if (equals_ignoring_case(argument, "MAILER-DAEMON")) return {};
  return std::string(argument);
}

}  // namespace inforeply
