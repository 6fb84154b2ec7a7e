// The values of a responder file's settings.
#pragma once

#include <optional>
#include <string>

#include "base/trusted_file.hpp"
#include "config/config_file.hpp"
#include "responder/reading_terms.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// Reads values. All of it throws ConfigError with the file, the line and what is expected.
class SettingReader {
 public:
  /// @param file    the responder file's path
  /// @param terms   by which it is read
  /// @param author  whose the file is
  SettingReader(std::string file, ReadingTerms terms, Author author);

  [[noreturn]] void fault(const ConfigEntry& entry, const std::string& text) const;
  /// "'NAME = VALUE': expected …"
  [[noreturn]] void bad_value(const ConfigEntry& entry, const std::string& expected) const;

  [[nodiscard]] bool yes_or_no(const ConfigEntry& entry) const;
  [[nodiscard]] ResponderKind kind(const ConfigEntry& entry) const;
  [[nodiscard]] ReplyMode mode(const ConfigEntry& entry) const;
  [[nodiscard]] Reason soft_rule(const ConfigEntry& entry) const;
  [[nodiscard]] Address address(const ConfigEntry& entry) const;
  /// An address that a tenant may have only in its own domain.
  [[nodiscard]] Address own_address(const ConfigEntry& entry) const;
  /// A mailbox whose address is such a one.
  [[nodiscard]] Mailbox own_mailbox(const ConfigEntry& entry) const;
  /// A file in the folder that the responder file may name files of. It is not opened.
  [[nodiscard]] FileReference reference(const ConfigEntry& entry) const;
  /// `maildir:PATH`. A tenant has what is below the folder of its domain: by `bcc` it reaches the
  /// domain's mailboxes, too.
  [[nodiscard]] MaildirPath maildir(const ConfigEntry& entry) const;
  /// nullopt for `once`: the interval never ends.
  [[nodiscard]] std::optional<Seconds> interval(const ConfigEntry& entry) const;
  /// nullopt for `none`.
  [[nodiscard]] std::optional<RateLimit> rate_limit(const ConfigEntry& entry) const;
  /// `active-from` or `active-until`.
  [[nodiscard]] Time time(const ConfigEntry& entry, const TimeZone& zone) const;
  [[nodiscard]] WeeklyTimes weekly_times(const ConfigEntry& entry) const;
  [[nodiscard]] QuoteSetting quote(const ConfigEntry& entry) const;
  /// A text that a message is searched for.
  [[nodiscard]] std::string searched(const ConfigEntry& entry) const;

 private:
  void require_own(const ConfigEntry& entry, const Address& named) const;

  std::string file_;
  ReadingTerms terms_;
  Author author_;
};

}  // namespace inforeply
