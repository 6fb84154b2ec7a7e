// A responder: the settings for one address.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/trusted_file.hpp"
#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/rate_limit.hpp"
#include "inforeply/reply_mode.hpp"
#include "mail/mailbox.hpp"
#include "mailer/maildir.hpp"
#include "responder/address_list.hpp"
#include "responder/conditions.hpp"
#include "responder/placeholder.hpp"
#include "responder/quote_setting.hpp"
#include "responder/reason.hpp"
#include "responder/schedule.hpp"

namespace inforeply {

/// RFC 3834, 1.1.
enum class ResponderKind { kPersonal, kGroup, kService };

/// What a reply says in one language.
struct LanguageSettings {
  std::string language;  ///< a tag of RFC 5646; empty for `text`, `html` and `subject` without one
  std::optional<TextTemplate> subject;
  std::optional<FileReference> text;
  std::optional<FileReference> html;
};

/// The settings of a reply: a responder's own, or those of a `[when NAME]` section, with all that
/// it inherits.
struct ReplySettings {
  std::string file;      ///< the responder's
  std::size_t line = 0;  ///< where its section begins
  std::string section;   ///< its NAME; empty for the responder's own reply
  std::optional<Mailbox> from;
  std::optional<Mailbox> reply_to;
  std::vector<LanguageSettings> languages;  ///< in the order of the file
  std::string default_language;             ///< of settings without `.LANGUAGE`; may be empty
  bool all_languages = false;
  std::optional<FileReference> template_file;
  std::vector<FileReference> inline_images;
  std::vector<FileReference> attachments;
  QuoteSetting quote;
  std::optional<Seconds> interval;  ///< zero answers every message; nullopt: only the first
  std::string handle;               ///< names what is said; empty: a digest of it is made
  std::string precedence = "bulk";  ///< empty: no such field
  std::string envelope_from;        ///< of the reply; empty: the null sender
  std::optional<Address> bcc;
  std::optional<MaildirPath> fcc;  ///< where a copy goes, below an `fcc-folder`
  std::size_t fcc_line = 0;        ///< where it is set
  bool allow_large = false;
  bool is_timed = false;                   ///< of a section with `time`
  std::set<std::string, std::less<>> set;  ///< names set here; a template's fields yield to them

  /// The settings in a language, in any case; null if there are none.
  [[nodiscard]] const LanguageSettings* find(std::string_view language) const;
};

/// A `[when NAME]` section.
struct Section {
  Conditions conditions;
  ReplySettings reply;
};

/// Whose a responder's words are.
struct Author {
  bool is_tenants = false;  ///< not the administrator's
  std::string domain;       ///< of the responder's address, in A-labels; empty: unknown

  /// Whether a reply may come from the address or take answers there: a tenant is bound to its
  /// domain, if that is known.
  [[nodiscard]] bool may_speak_for(const Address& address) const;

  /// Throws ConfigError if not, with the place where the field or setting `name` names the address.
  void require_own(const Address& address, const std::string& name, const std::string& file,
                   std::size_t line) const;
};

struct Responder {
  std::string file;
  Author author;
  ResponderKind kind = ResponderKind::kPersonal;
  bool is_enabled = true;        ///< if not, it answers nothing
  std::size_t enabled_line = 0;  ///< where that is set
  ReplyMode mode = ReplyMode::kLive;
  std::size_t mode_line = 0;       ///< where it is set
  std::vector<Address> addresses;  ///< the recipient's own, besides the one mail came to
  Schedule schedule;               ///< of `active-until`, a date without a time counts to its end
  std::size_t schedule_line = 0;   ///< where the first of its settings is; 0: it has none
  std::vector<Reason> ignored;     ///< soft rules switched off
  std::optional<RateLimit> limit = RateLimit{300, Seconds{3600}, "300/1h"};
  std::optional<RateLimit> limit_person = RateLimit{5, Seconds{24 * 3600}, "5/1d"};
  AddressList never_reply_to;
  AddressList only_reply_to;  ///< empty: everybody
  ReplySettings reply;
  std::vector<Section> sections;  ///< in the order of the file: the first that matches wins
};

/// Whether the text can be the body of a Precedence field: a word of letters.
bool is_precedence(std::string_view text);

}  // namespace inforeply
