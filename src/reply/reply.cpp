#include "reply/reply.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/digest.hpp"
#include "base/trusted_file.hpp"
#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/encoded_word.hpp"
#include "mail/media_type.hpp"
#include "reply/period_text.hpp"
#include "reply/shown_images.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxTextOctets = std::size_t{1024} * 1024;
constexpr std::string_view kDefaultSubject = "Auto: ${subject}";  // RFC 3834, 3.1.5

/// What a tenant's template may have. Content fields are the body's.
constexpr std::array<std::string_view, 5> kTenantsFields = {"From", "Reply-To", "Subject",
                                                            "Organization", "MIME-Version"};

class ReplyLoader {
 public:
  ReplyLoader(const Responder& responder, const ReplySettings& settings, const Period& period,
              const FaultHandler& on_fault)
      : responder_(responder), on_fault_(on_fault), author_(responder.author) {
    reply_.settings = settings;
    reply_.period = period;
  }

  Reply load() {
    const auto& settings = reply_.settings;
    // The default comes first, for messages that ask for no language or for a missing one.
    if (const auto* plain = settings.find({})) read_language(*plain);
    for (const auto& language : settings.languages) {
      if (!language.language.empty()) read_language(language);
    }
    collect_fault(on_fault_, [&] {
      if (settings.template_file) read_template(*settings.template_file);
    });
    for (const auto& file : settings.inline_images)
      collect_fault(on_fault_, [&] { read_inline(file); });
    for (const auto& file : settings.attachments)
      collect_fault(on_fault_, [&] { reply_.attachments.push_back(read_attached(file)); });
    images_.check(settings.inline_images, on_fault_);
    reply_.handle = settings.handle.empty() ? content_handle() : settings.handle;
    return std::move(reply_);
  }

 private:
  /// Without such a time the text would say "until .".
  void require_period(const TextTemplate& text, const std::string& file) {
    const auto require = [&](Placeholder placeholder, const std::string& names, bool is_set) {
      const auto line = text.line_without_fallback(placeholder);
      if (line && !is_set) on_fault_({file, *line, names});
    };
    const auto& schedule = responder_.schedule;
    const bool recurs = schedule.is_recurring() || reply_.settings.is_timed;
    const bool has_end = recurs || schedule.until;
    require(Placeholder::kActiveFrom, "'${active_from}' without 'active-from'",
            recurs || schedule.from);
    require(Placeholder::kActiveUntil, "'${active_until}' without 'active-until'", has_end);
    require(Placeholder::kNextOpen, "'${next_open}' without 'active-until'", has_end);
  }

  void note(std::string_view role, std::string_view content) {
    said_ += std::string(role) + '\0' + digest({content});
  }

  [[nodiscard]] std::string read(const FileReference& file, std::size_t max_octets) {
    auto [octets, is_tenants] = read_owned_file(file, max_octets);
    author_.is_tenants = author_.is_tenants || is_tenants;
    if (octets.size() > kMaxReplyOctets && !reply_.settings.allow_large) {
      throw ConfigError(file.where, file.line,
                        "'" + file.name + "': larger than " + std::to_string(kMaxReplyOctets) +
                            " octets (see 'allow-large')");
    }
    octets_ += octets.size();
    if (octets_ > kMaxLargeReplyOctets) {
      throw ConfigError(file.where, file.line,
                        "'" + file.name + "': with the files before it larger than " +
                            std::to_string(kMaxLargeReplyOctets) + " octets");
    }
    return octets;
  }

  /// A text without a byte order mark, with LF line ends.
  [[nodiscard]] std::string read_lines(const FileReference& file, std::string_view role) {
    const std::string path = file.path();
    std::string raw = read(file, kMaxTextOctets);
    note(role, raw);
    if (raw.starts_with("\xEF\xBB\xBF")) raw.erase(0, 3);
    std::string text;
    text.reserve(raw.size());
    std::size_t line = 1;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\r' && i + 1 < raw.size() && raw[i + 1] == '\n') continue;
      if (raw[i] == '\r') on_fault_({path, line, "a carriage return without a line feed"});
      if (raw[i] == '\0') on_fault_({path, line, "a NUL octet"});
      if (raw[i] == '\n') ++line;
      text += raw[i];
    }
    return text;
  }

  [[nodiscard]] std::string read_utf8(const FileReference& file, std::string_view role) {
    std::string text = read_lines(file, role);
    for (const auto line : lines_not_utf8(text))
      on_fault_({file.path(), line, "not UTF-8"});
    return text;
  }

  /// The language's own subject, or the one for all.
  [[nodiscard]] TextTemplate subject_in(const LanguageSettings& language) const {
    const auto* plain = reply_.settings.find({});
    if (language.subject) return *language.subject;
    if (plain != nullptr && plain->subject) return *plain->subject;
    return {kDefaultSubject, responder_.file, 0};
  }

  void read_language(const LanguageSettings& language) {
    if (!language.text && !language.html) return;
    const bool is_default = language.language.empty();
    ReplyText read{is_default ? reply_.settings.default_language : language.language,
                   subject_in(language),
                   {},
                   {},
                   {}};
    require_period(read.subject, responder_.file);
    collect_fault(on_fault_, [&] {
      if (!language.text) return;
      const std::string text = read_utf8(*language.text, "text." + language.language);
      read.text = TextTemplate(text, language.text->path(), 1, on_fault_);
      require_period(*read.text, language.text->path());
    });
    collect_fault(on_fault_, [&] {
      if (!language.html) return;
      const std::string html = read_utf8(*language.html, "html." + language.language);
      read.html = TextTemplate(html, language.html->path(), 1, on_fault_);
      require_period(*read.html, language.html->path());
      read.images = images_.add(html, language.html->path());
    });
    reply_.texts.push_back(std::move(read));
  }

  void read_template(const FileReference& file) {
    const std::string path = file.path();
    reply_.texts.push_back({{}, subject_in({}), {}, {}, {}});
    ReplyTemplate read = parse_reply_template(path, read_lines(file, "template"), on_fault_);
    reply_.body = std::move(read.body);
    require_period_in(*reply_.body, path);
    const QuoteSetting quote = reply_.settings.quote;
    if (quote.headers || quote.lines != 0) require_place_for_quote(file);
    for (const auto& field : read.fields)
      collect_fault(on_fault_, [&] { set_template_field(path, field); });
  }

  void require_period_in(const TemplateEntity& entity, const std::string& path) {
    if (entity.text) require_period(*entity.text, path);
    for (const auto& part : entity.parts)
      require_period_in(part, path);
  }

  /// The quote goes into the first text of each of these types. Other markup has no place for it.
  void require_place_for_quote(const FileReference& file) {
    const auto is_quotable = [](const TemplateEntity& entity) {
      return entity.form == TextForm::kPlain || entity.content_type.starts_with("text/html");
    };
    const auto fault = [&](const std::string& text) {
      on_fault_({file.where, file.line, "'template = " + file.name + "': " + text});
    };
    if (!any_text(*reply_.body, is_quotable)) fault("'quote' needs text/plain or text/html");
    if (any_text(*reply_.body, [&](const TemplateEntity& entity) {
          return entity.form == TextForm::kHtml && !is_quotable(entity);
        })) {
      fault("'quote' does not go with other markup than text/html");
    }
  }

  /// Whether one of the entity's texts is wanted.
  template <typename IsWanted>
  static bool any_text(const TemplateEntity& entity, const IsWanted& is_wanted) {
    return (entity.text && is_wanted(entity)) ||
           std::any_of(entity.parts.begin(), entity.parts.end(),
                       [&](const TemplateEntity& part) { return any_text(part, is_wanted); });
  }

  void set_template_field(const std::string& path, const HeaderField& field) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(field.name, name); };
    const auto body = [&] {
      TextTemplate text(decode_field_text(field.body), path, field.line, on_fault_);
      require_period(text, path);
      return text;
    };
    const auto is_free = [&](std::string_view name) { return !reply_.settings.set.contains(name); };
    if (author_.is_tenants && !is_one_of(field.name, kTenantsFields)) {
      throw ConfigError(path, field.line,
                        "'" + field.name +
                            "': a tenant's template may have only From, Reply-To, Subject, "
                            "Organization and content fields");
    }
    if (is_own_field(field.name) || field.body.empty()) return;
    if (is("From")) {
      if (is_free("from")) reply_.settings.from = template_mailbox(path, field);
    } else if (is("Reply-To")) {
      if (is_free("reply-to")) reply_.settings.reply_to = template_mailbox(path, field);
    } else if (is("Subject")) {
      if (is_free("subject")) reply_.texts.front().subject = body();
    } else if (is("Precedence")) {
      if (!is_precedence(field.body)) {
        throw ConfigError(path, field.line, "'Precedence': expected one word");
      }
      if (is_free("precedence")) {
        reply_.settings.precedence = field.body == "none" ? "" : field.body;
      }
    } else {
      reply_.extra_fields.push_back({field.name, body()});
    }
  }

  [[nodiscard]] Mailbox template_mailbox(const std::string& path, const HeaderField& field) const {
    if (decode_field_text(field.body).find("${") != std::string::npos) {
      throw ConfigError(path, field.line, "'" + field.name + "': no placeholder can stand here");
    }
    const std::string wrong = find_mailbox_fault(field.body);
    auto mailbox = parse_one_mailbox(field.body);
    if (!mailbox) {
      throw ConfigError(
          path, field.line,
          "'" + field.name + "': " + (wrong.empty() ? "expected one address" : wrong));
    }
    author_.require_own(parse_address(mailbox->addr_spec).value_or(Address{}), field.name, path,
                        field.line);
    return *std::move(mailbox);
  }

  AttachedFile read_attached(const FileReference& file) {
    std::string octets = read(file, kMaxLargeReplyOctets);
    note("file " + file.name, octets);
    const std::string name = file.base_name();
    std::string type = media_type_of(name);
    if (type.starts_with("text/") && is_valid_utf8(octets)) type += "; charset=utf-8";
    return {name, std::move(type), std::move(octets)};
  }

  void read_inline(const FileReference& file) {
    const auto fault = [&](const std::string& text) {
      throw ConfigError(file.where, file.line, "'inline = " + file.name + "': " + text);
    };
    AttachedFile image = read_attached(file);
    if (!is_content_id(image.name)) {
      fault("'cid:' can name only letters, digits and the characters - . _ @ +");
    }
    for (const auto& other : reply_.inline_images) {
      if (other.name == image.name) fault("'cid:" + image.name + "' is another image already");
    }
    reply_.inline_images.push_back(std::move(image));
  }

  /// A new text, look or period is a new reply; a new interval is not.
  [[nodiscard]] std::string content_handle() {
    const auto& settings = reply_.settings;
    const auto note_mailbox = [&](std::string_view role, const std::optional<Mailbox>& mailbox) {
      if (mailbox) note(role, mailbox->display_name + '\0' + mailbox->addr_spec);
    };
    note_mailbox("from", settings.from);
    note_mailbox("reply-to", settings.reply_to);
    for (const auto& text : reply_.texts)
      note("subject " + text.language, text.subject.form());
    const auto period = period_text(reply_.period, responder_.schedule.zone, {});
    note("active-from", period.active_from);
    note("active-until", period.active_until);
    return digest({said_}).substr(0, 16);
  }

  const Responder& responder_;
  const FaultHandler& on_fault_;
  Author author_;  // a tenant also if an administrator's file names a tenant's template
  Reply reply_;
  ShownImages images_;
  std::size_t octets_ = 0;  // of all files so far
  std::string said_;        // what the handle is a digest of
};

}  // namespace

Reply load_reply(const Responder& responder, const ReplySettings& settings, const Period& period,
                 const FaultHandler& on_fault) {
  return ReplyLoader(responder, settings, period, on_fault).load();
}

}  // namespace inforeply
