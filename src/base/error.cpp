#include "inforeply/error.hpp"

#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace inforeply {

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::kUsage:
      return "usage";
    case Fault::kConfiguration:
      return "configuration";
    case Fault::kInput:
      return "input";
    case Fault::kOutput:
      return "output";
    case Fault::kCache:
      return "cache";
    case Fault::kMailer:
      return "mailer";
    case Fault::kInternal:
      break;
  }
  return "internal";
}

namespace {

std::string place(const std::string& file, std::size_t line) {
  std::string text = file;
  if (line != 0) text.append(":").append(std::to_string(line));
  return text.append(": ");
}

}  // namespace

ConfigError::ConfigError(const std::string& file, std::size_t line, const std::string& text)
    : Error(Fault::kConfiguration, place(file, line) + text), file_(file), line_(line) {}

std::string ConfigError::text() const {
  return std::string(what()).substr(place(file_, line_).size());
}

ConfigError ConfigError::in(const std::string& file) const {
  return {file, line_, text()};
}

void throw_fault(const ConfigError& fault) {
  throw ConfigError(fault);
}

std::string running_account() {
  const passwd* account = ::getpwuid(::geteuid());
  return account != nullptr ? account->pw_name : "uid " + std::to_string(::geteuid());
}

std::optional<std::uint64_t> file_size_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::nullopt;
  return limit.rlim_cur;
}

std::string with_cause(const std::string& operation_and_object, int error) {
  const bool is_refusal = error == EACCES || error == EPERM;
  std::string text = operation_and_object + (is_refusal ? " as " + running_account() : "") + ": " +
                     std::generic_category().message(error);
  // LMDB reports EIO if only a part of what it wrote had room below the limit.
  const auto limit = file_size_limit();
  if (limit && (error == EFBIG || error == EIO)) {
    text += ": this process may write files of " + std::to_string(*limit) +
            " octets at most (RLIMIT_FSIZE; Postfix's mailbox_size_limit)";
  }
  return text;
}

Error system_error(Fault fault, const std::string& operation_and_object) {
  return {fault, with_cause(operation_and_object, errno)};
}

}  // namespace inforeply
