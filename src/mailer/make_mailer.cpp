#include "mailer/make_mailer.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mailer/sendmail_mailer.hpp"

namespace inforeply {

namespace {

/// Returns the words of the command.
std::vector<std::string> parse_mailer_spec(std::string_view spec) {
  const std::string name = "mailer '" + to_single_line(spec) + "'";
  if (spec.starts_with("smtp:") || spec.starts_with("smtp+unix:")) {
    throw Error(Fault::kUsage, name + ": SMTP is not built in");
  }
  std::string blanks(spec);
  std::replace(blanks.begin(), blanks.end(), '\t', ' ');
  const auto words = split(blanks, ' ');
  if (words.empty() || !words.front().starts_with('/')) {
    throw Error(Fault::kUsage, name + ": expected the absolute path of a sendmail command");
  }
  return {words.begin(), words.end()};
}

}  // namespace

void check_mailer_spec(std::string_view spec) {
  parse_mailer_spec(spec);
}

std::unique_ptr<Mailer> make_mailer(std::string_view spec) {
  auto command = parse_mailer_spec(spec);
  struct stat status {};
  const bool is_folder = ::stat(command.front().c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  if (is_folder) errno = EISDIR;  // which access(2) lets pass
  if (is_folder || ::access(command.front().c_str(), X_OK) != 0) {
    throw system_error(Fault::kMailer, "cannot run mailer " + command.front());
  }
  return std::make_unique<SendmailMailer>(std::move(command));
}

}  // namespace inforeply
