#include "reply/composer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/html.hpp"
#include "inforeply/text.hpp"
#include "mail/field_text.hpp"
#include "mail/flowed.hpp"
#include "mail/language.hpp"
#include "mail/mailbox.hpp"
#include "mail/mime_entity.hpp"
#include "mail/parameter.hpp"
#include "mail/transfer_encoding.hpp"
#include "reply/period_text.hpp"
#include "reply/quote.hpp"

namespace inforeply {
namespace {

/// RFC 2277, 4.5: for a text whose language nobody has named.
constexpr std::string_view kAnyLanguage = "i-default";
// A reply that its quote makes too large goes without it: that is seen only when it is written.
constexpr std::size_t kRoomForQuote = 32 * kMaxQuoteOctets;

/// A stranger's text, made fit to stand among the author's words.
std::string value_of(std::string_view text) {
  return ellipsize(trim(shown_safely(text)), kMaxSubjectCharacters);
}

/// The display name that belongs to the sender's address in From, Sender or Resent-From.
std::string display_name_of(const Message& message, const std::string& canonical) {
  std::string name;
  const auto is_sender = [&](const Mailbox& mailbox) {
    const auto address = parse_address(mailbox.addr_spec);
    if (!address || canonical_sender(*address) != canonical) return false;
    name = value_of(mailbox.display_name);
    return true;
  };
  for (const std::string_view field : {"From", "Sender", "Resent-From"}) {
    const std::string* body = message.header.find(field);
    if (body != nullptr && find_mailbox(*body, is_sender, message.raw_charset(*body))) break;
  }
  return name;
}

/// The values of the placeholders, for text and for HTML.
struct Values {
  PlaceholderValues text;
  PlaceholderValues html;

  void set(Placeholder placeholder, std::string_view value) {
    text[placeholder] = shown_safely(value);
    html[placeholder] = escape_html(text[placeholder]);
  }

  void set_period(const Period& period, const TimeZone& zone, std::string_view language) {
    const auto shown = period_text(period, zone, language);
    set(Placeholder::kActiveFrom, shown.active_from);
    set(Placeholder::kActiveUntil, shown.active_until);
    set(Placeholder::kNextOpen, shown.next_open);
  }
};

/// Without those of the period, which depend on the language.
Values placeholder_values(const ReplyRequest& request, const Mailbox& sender) {
  Values values;
  values.set(Placeholder::kSubject, value_of(request.message.subject()));
  values.set(Placeholder::kSender, sender.addr_spec);
  // Many programs write the address as the name if they know no name.
  const bool is_named = !equals_ignoring_case(sender.display_name, sender.addr_spec);
  values.set(Placeholder::kSenderName, is_named ? sender.display_name : "");
  values.set(Placeholder::kRecipient, request.recipient.to_string());
  values.set(Placeholder::kDate, format_local(request.now, request.responder.schedule.zone));
  values.set(Placeholder::kMessageId, request.message.message_id());
  return values;
}

enum class Extent {
  kFull,
  kReduced,  ///< without the quote, and with only the parent in References
};

/// A reply to be written, with what was found in the message.
struct Draft {
  const ReplyRequest& request;
  Mailbox sender;         ///< who gets the reply
  std::string canonical;  ///< the canonical sender, for the Message-ID
  Values values;
  std::size_t chosen;  ///< index of the text
  Period period;       ///< of which it speaks

  /// The values as a text in that language shows them.
  [[nodiscard]] Values values_in(std::string_view language) const {
    Values result = values;
    result.set_period(period, request.responder.schedule.zone, language);
    return result;
  }
};

/// References by RFC 5322, 3.6.4: the parent's References, else its In-Reply-To if that is one
/// msg-id; then the parent itself. Of a long thread the first and the latest are kept.
std::string references(const Message& message, const std::string& parent) {
  std::vector<std::string> ids;
  if (const std::string* body = message.header.find("References")) ids = parse_message_ids(*body);
  if (ids.empty()) {
    if (const std::string* body = message.header.find("In-Reply-To")) {
      ids = parse_message_ids(*body);
      if (ids.size() != 1) ids.clear();
    }
  }
  ids.push_back(parent);
  if (ids.size() > kMaxReferences) {
    const auto surplus = static_cast<std::ptrdiff_t>(ids.size() - kMaxReferences);
    ids.erase(ids.begin() + 1, ids.begin() + 1 + surplus);
  }
  std::string result;
  for (const auto& id : ids)
    result += (result.empty() ? "" : "\n ") + id;
  return result;
}

std::string message_id(const Draft& draft) {
  const auto& request = draft.request;
  const std::string answered = request.message.message_id();
  const std::string name = digest({request.responder_id, draft.canonical, request.reply.handle,
                                   answered.empty() ? request.message.fingerprint : answered});
  return std::string(kMessageIdMark) + name + "@" + request.recipient.ascii_domain + ">";
}

using Texts = std::vector<const TemplateEntity*>;

/// The texts of a template that get the quote: the first that is shown. If that is in an
/// alternative, also the first of the other form there.
Texts quoting_texts(const TemplateEntity& entity) {
  if (is_shown_text(entity) && entity.form != TextForm::kOther) return {&entity};
  Texts texts;
  for (const auto& part : entity.parts) {
    for (const auto* text : quoting_texts(part)) {
      const auto has_its_form = [&](const auto* other) { return other->form == text->form; };
      if (std::none_of(texts.begin(), texts.end(), has_its_form)) texts.push_back(text);
    }
    if (!texts.empty() && leading_token(entity.multipart) != "alternative") break;
  }
  return texts;
}

/// Inserts the quote between empty lines, at the end of the text but before a signature (RFC 3676,
/// 4.3): many programs hide a signature and all that follows it.
void insert_quote(std::string& text, const std::string& quote) {
  constexpr std::string_view kSignature = "\n-- \n";
  const auto found = text.rfind(kSignature);
  const bool is_whole = found == std::string::npos && text.starts_with(kSignature.substr(1));
  const auto at = is_whole ? 0 : found == std::string::npos ? text.size() : found + 1;
  const bool is_separate = std::string_view(text).substr(0, at).ends_with("\n\n");
  text.insert(at, (is_separate ? "" : "\n") + quote + (at == text.size() ? "" : "\n"));
}

std::size_t max_octets(const ReplySettings& settings) {
  return settings.allow_large ? kMaxLargeReplyOctets : kMaxReplyOctets;
}

[[noreturn]] void fail_as_too_large(const std::string& octets, const ReplySettings& settings) {
  throw ConfigError(settings.file, settings.line,
                    "the reply has " + octets + " octets, more than " +
                        std::to_string(max_octets(settings)) +
                        (settings.allow_large ? "" : " (see 'allow-large')"));
}

/// Expands and encodes the texts of a reply, and stops where they are surely larger than a reply
/// may be: memory is bounded, whatever a text is and a message makes of it.
class Expansion {
 public:
  explicit Expansion(const ReplySettings& settings)
      : settings_(settings), left_(max_octets(settings) + kRoomForQuote) {}

  std::string operator()(const TextTemplate& text, const PlaceholderValues& values) const {
    auto expanded = text.expand_within(left_, values);
    if (!expanded) fail_as_too_large("too many", settings_);
    return *std::move(expanded);
  }

  /// A text of the reply, which leaves less for the others.
  MimeEntity entity(const std::string& content_type, std::string text) {
    if (least_encoded_size(text) > left_) fail_as_too_large("too many", settings_);
    left_ -= least_encoded_size(text);
    return text_entity(content_type, std::move(text));
  }

 private:
  const ReplySettings& settings_;
  std::size_t left_;
};

/// Builds the body of the reply, a MIME entity.
class BodyBuilder {
 public:
  BodyBuilder(const Draft& draft, std::string quote, Expansion& expand)
      : draft_(draft),
        reply_(draft.request.reply),
        values_(draft.values_in({})),
        quote_(std::move(quote)),
        expand_(expand) {
    if (reply_.body && !quote_.empty()) quoting_ = quoting_texts(*reply_.body);
  }

  MimeEntity build(std::size_t chosen) {
    std::vector<MimeEntity> parts;
    if (reply_.body) {
      parts.push_back(of_template(*reply_.body));
    } else {
      parts.push_back(with_images(in_languages(chosen)));
    }
    for (const auto& file : reply_.attachments)
      parts.push_back(attached(file, "attachment", {}));
    return multipart_of("mixed", std::move(parts));
  }

 private:
  /// The text in the chosen language, or in all. The chosen one is last, as a client shows the last
  /// part that it can show (RFC 2046, 5.1.4).
  MimeEntity in_languages(std::size_t chosen) {
    std::vector<MimeEntity> parts;
    for (std::size_t i = 0; reply_.settings.all_languages && i < reply_.texts.size(); ++i) {
      if (i != chosen) parts.push_back(in_language(reply_.texts[i]));
    }
    parts.push_back(in_language(reply_.texts[chosen]));
    return multipart_of("alternative", std::move(parts));
  }

  MimeEntity in_language(const ReplyText& text) {
    std::vector<MimeEntity> parts;
    values_ = draft_.values_in(text.language);
    std::string html = text.html ? expand_(*text.html, values_.html) : "";
    std::string flowed = text.text ? to_flowed(expand_(*text.text, values_.text))
                                   : to_flowed(html_to_text(html), QuoteMarks::kRead);
    parts.push_back(plain(std::move(flowed), "text/plain", quote_));
    if (text.html) parts.push_back(hypertext(std::move(html), "text/html", quote_));
    shown_.insert(text.images.begin(), text.images.end());
    MimeEntity entity = multipart_of("alternative", std::move(parts));
    const bool is_told = !text.language.empty() || reply_.settings.all_languages;
    if (is_told) {
      entity.fields +=
          field_line("Content-Language",
                     text.language.empty() ? kAnyLanguage : std::string_view(text.language));
    }
    return entity;
  }

  MimeEntity plain(std::string flowed, const std::string& type, const std::string& quote) {
    if (!quote.empty()) insert_quote(flowed, to_flowed(quote, QuoteMarks::kRead));
    return expand_.entity(type + "; charset=utf-8; format=flowed", std::move(flowed));
  }

  MimeEntity hypertext(std::string html, const std::string& type, const std::string& quote) {
    if (!quote.empty()) {
      std::string lines;
      for (const auto line : split(quote, '\n'))
        lines += escape_html(trim(line.substr(1))) + "<br>\n";
      html.insert(find_body_end(html), "<blockquote type=\"cite\">\n" + lines + "</blockquote>\n");
    }
    return expand_.entity(type + "; charset=utf-8", std::move(html));
  }

  /// Adds the images that its HTML shows (RFC 2387; RFC 2392).
  [[nodiscard]] MimeEntity with_images(MimeEntity content) const {
    const std::string type = "multipart/" + content.multipart;
    std::vector<MimeEntity> parts;
    parts.push_back(std::move(content));
    for (const auto& image : reply_.inline_images) {
      if (!shown_.contains(image.name)) continue;
      parts.push_back(attached(image, "inline", field_line("Content-ID", "<" + image.name + ">")));
    }
    return multipart_of("related" + encode_parameter("type", type), std::move(parts));
  }

  static MimeEntity attached(const AttachedFile& file, std::string_view disposition,
                             const std::string& more_fields) {
    return {field_line("Content-Type", file.content_type) +
                field_line("Content-Transfer-Encoding", "base64") + more_fields +
                field_line("Content-Disposition",
                           std::string(disposition) + encode_parameter("filename", file.name)),
            {},
            file.octets,
            {},
            {}};
  }

  [[nodiscard]] MimeEntity of_template(const TemplateEntity& source) {
    MimeEntity entity;
    const bool quotes = std::find(quoting_.begin(), quoting_.end(), &source) != quoting_.end();
    const std::string quote = quotes ? quote_ : "";
    if (!source.multipart.empty()) {
      entity.multipart = source.multipart;
      for (const auto& part : source.parts)
        entity.parts.push_back(of_template(part));
    } else if (!source.text) {
      entity.body = source.body;
    } else if (source.form == TextForm::kPlain) {
      entity = plain(to_flowed(expand_(*source.text, values_.text)), source.content_type, quote);
    } else if (source.form == TextForm::kHtml) {
      entity = hypertext(expand_(*source.text, values_.html), source.content_type, quote);
    } else {
      entity = expand_.entity(source.content_type + "; charset=utf-8",
                              expand_(*source.text, values_.text));
    }
    entity.fields += source.fields;
    return entity;
  }

  const Draft& draft_;
  const Reply& reply_;
  Values values_;      // as the text that is being written shows them
  std::string quote_;  // each line after `> `; empty: no quote
  Expansion& expand_;
  Texts quoting_;                // the texts of a template that get it
  std::set<std::string> shown_;  // images that the author's HTML shows, not what a sender wrote
};

std::string fields_of(const Draft& draft, const std::string& own_id, Extent extent,
                      Expansion& expand) {
  const ReplyRequest& request = draft.request;
  const ReplyText& text = request.reply.texts.at(draft.chosen);
  const PlaceholderValues values = draft.values_in(text.language).text;
  const ReplySettings& settings = request.reply.settings;
  const Mailbox from = settings.from.value_or(Mailbox{{}, request.recipient.to_wire()});
  std::string fields = mailbox_field("From", from);
  fields += mailbox_field("To", draft.sender);
  if (settings.reply_to) fields += mailbox_field("Reply-To", *settings.reply_to);
  fields += text_field("Subject", ellipsize(trim(to_single_line(expand(text.subject, values))),
                                            kMaxSubjectCharacters));
  fields += field_line("Date", format_rfc5322(request.now));
  fields += field_line("Message-ID", own_id);
  if (const std::string parent = request.message.message_id(); !parent.empty()) {
    fields += field_line("In-Reply-To", parent);
    fields += field_line("References",
                         extent == Extent::kFull ? references(request.message, parent) : parent);
  }
  fields += field_line("Auto-Submitted", "auto-replied");
  if (!settings.precedence.empty()) fields += field_line("Precedence", settings.precedence);
  fields += field_line("X-Auto-Response-Suppress", "All");
  for (const auto& extra : request.reply.extra_fields) {
    fields += text_field(extra.name, expand(extra.body, values));
  }
  return fields + field_line("MIME-Version", "1.0");
}

std::string write_reply(const Draft& draft, Extent extent) {
  const Reply& reply = draft.request.reply;
  const std::string own_id = message_id(draft);
  const auto quote = extent == Extent::kFull ? reply.settings.quote : QuoteSetting{};
  Expansion expand(reply.settings);
  const std::string fields = fields_of(draft, own_id, extent, expand);
  BodyBuilder body(draft, quoted(draft.request.message, quote), expand);
  return write_entity(body.build(draft.chosen), own_id, fields);
}

/// RFC 3834, 2.
void require_size(std::size_t octets, const ReplySettings& settings) {
  if (octets > max_octets(settings)) fail_as_too_large(std::to_string(octets), settings);
}

/// No message gives longer values in any encoding: quoted-printable makes three octets of an octet
/// that is not ASCII, and HTML six of a character, `&quot;`.
Values longest_values() {
  Values values;
  const auto set = [&](Placeholder placeholder, std::size_t count, std::string_view character) {
    for (std::size_t i = 0; i < count; ++i) {
      values.text[placeholder] += character;
      values.html[placeholder].append(character).append(6 - character.size(), 'x');
    }
  };
  set(Placeholder::kSubject, kMaxSubjectCharacters, "\U00020000");
  set(Placeholder::kSenderName, kMaxSubjectCharacters, "\U00020000");
  // Characters of two octets: a domain is longer in A-labels.
  set(Placeholder::kSender, kMaxAddressOctets, "\u00E9");
  set(Placeholder::kRecipient, kMaxAddressOctets, "\u00E9");
  set(Placeholder::kMessageId, kMaxMessageIdOctets, "\u00E9");
  for (auto* form : {&values.text, &values.html})
    (*form)[Placeholder::kDate] = "2026-12-24 18:00";
  return values;
}

/// What the reply may have to speak of. Of a period that recurs either end may be missing; the
/// times of this one are as long as any.
std::vector<Period> periods_of(const Responder& responder, const ReplySettings& settings) {
  const auto& schedule = responder.schedule;
  if (!schedule.is_recurring() && !settings.is_timed) return {{schedule.from, schedule.until}};
  const auto time = parse_time("2026-09-24T18:00", schedule.zone);
  return {{time, time}, {}};
}

}  // namespace

std::size_t choose_text(const Reply& reply, const Message& message) {
  std::vector<std::string> available;
  for (const auto& text : reply.texts)
    available.push_back(text.language);
  return find_language(wanted_languages(message.header), available).value_or(0);
}

bool is_shown_text(const TemplateEntity& entity) {
  if (!entity.text) return false;
  const Header header = parse_header(entity.fields);
  const std::string* disposition = header.find("Content-Disposition");
  const bool is_file = disposition != nullptr && find_parameter(*disposition, "filename");
  return !is_file && !find_parameter(entity.content_type, "name");
}

std::string compose(const ReplyRequest& request) {
  const ReplySettings& settings = request.reply.settings;
  std::string canonical = request.sender.canonical();
  const Mailbox sender = {display_name_of(request.message, canonical),
                          without_direction_changes(request.sender.person.to_wire())};
  const Draft draft = {request,
                       sender,
                       std::move(canonical),
                       placeholder_values(request, sender),
                       choose_text(request.reply, request.message),
                       request.reply.period};
  std::string text = write_reply(draft, Extent::kFull);
  if (text.size() > max_octets(settings)) text = write_reply(draft, Extent::kReduced);
  require_size(text.size(), settings);
  return text;
}

void check_size(const Responder& responder, const Reply& reply) {
  const std::string domain(kMaxAddressOctets, 'x');
  const Address address = {domain, domain, domain};
  const Sender sender({});  // unused: the draft has its own
  const Message message =
      parse_message("Message-ID: <" + std::string(kMaxMessageIdOctets - 2, 'x') + ">\n\n");
  const ReplyRequest request = {message, responder, reply, sender, address, {}, {}};
  Draft draft = {request, {}, {}, longest_values(), 0, {}};
  draft.sender = {draft.values.text[Placeholder::kSenderName], address.to_wire()};
  for (const auto& period : periods_of(responder, reply.settings)) {
    draft.period = period;
    for (draft.chosen = 0; draft.chosen < reply.texts.size(); ++draft.chosen)
      require_size(write_reply(draft, Extent::kReduced).size(), reply.settings);
  }
}

}  // namespace inforeply
