// Makes the mailer that is set.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/confinement.hpp"
#include "inforeply/error.hpp"
#include "inforeply/mailer_settings.hpp"
#include "mailer/mailer.hpp"

namespace inforeply {

/// A fault of one of the settings.
class SettingError : public Error {
 public:
  SettingError(std::string setting, Fault fault, const std::string& what)
      : Error(fault, what), setting_(std::move(setting)) {}
  [[nodiscard]] const std::string& setting() const { return setting_; }  ///< "smtp-user"

 private:
  std::string setting_;
};

/// Throws Error (kUsage) unless `spec` is the absolute path of a sendmail-compatible command,
/// perhaps with options; `smtp://HOST[:PORT]`, `smtp+starttls://HOST[:PORT]` or
/// `smtps://HOST[:PORT]`, where HOST is a name, an IPv4 address or an IPv6 address in brackets; or
/// `smtp+unix:PATH`, the absolute path of a socket.
void check_mailer_spec(std::string_view spec);

/// Throws as check_mailer_spec does, Error (kMailer) if the command cannot be run, and SettingError
/// if the settings of an SMTP server do not fit each other or name a file that cannot be used.
/// Whether a server can be reached shows when the first reply is submitted.
std::unique_ptr<Mailer> make_mailer(const MailerSettings& settings);

/// What a confined process needs to submit. nullopt if the mailer is a command: it could not be
/// run, nor could a part of it that changes whom it runs as. Throws as check_mailer_spec does.
std::optional<Permissions> mailer_permissions(const MailerSettings& settings);

}  // namespace inforeply
