#include "inforeply/address.hpp"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/header.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxAddressOctets = 254;  // RFC 5321, 4.5.3.1.3, less the angle brackets
constexpr std::size_t kMaxDomainOctets = 253;
constexpr std::size_t kMaxLabelOctets = 63;
constexpr std::size_t kMaxLiteralOctets = 64;
constexpr int kMaxRewritings = 4;
constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kAtextSpecials = "!#$%&'*+-/=?^_`{|}~";

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_utf8_octet(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_atext(char c) {
  return is_letter_or_digit(c) || is_utf8_octet(c) ||
         kAtextSpecials.find(c) != std::string_view::npos;
}

bool is_atoms_and_dots(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

/// RFC 5321's Dot-string: atoms with single dots between them.
bool is_dot_string(std::string_view text) {
  return is_atoms_and_dots(text) && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

bool is_domain_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelOctets && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return c == '-' || is_letter_or_digit(c);
         });
}

bool is_domain_name(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxDomainOctets) return false;
  while (true) {
    const auto dot = domain.find('.');
    if (!is_domain_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

/// RFC 5321, 4.1.3: [192.0.2.1] or [IPv6:…].
bool is_address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  const std::string inside(text.substr(1, text.size() - 2));
  std::array<unsigned char, 16> ignored{};
  constexpr std::string_view kTag = "IPv6:";
  if (starts_with_ignoring_case(inside, kTag)) {
    return inet_pton(AF_INET6, inside.c_str() + kTag.size(), ignored.data()) == 1;
  }
  return inet_pton(AF_INET, inside.c_str(), ignored.data()) == 1;
}

/// The domain in A-labels and lower case; nothing where it is none.
std::optional<std::string> to_ascii_domain(const std::string& domain) {
  if (is_ascii(domain)) {
    if (!is_domain_name(domain) && !is_address_literal(domain)) return std::nullopt;
    return to_lower_ascii(domain);
  }
  char* found = nullptr;
  const int status = idn2_to_ascii_8z(domain.c_str(), &found, IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, decltype(&std::free)> ascii(found, &std::free);
  if (status != IDN2_OK || !is_domain_name(ascii.get())) return std::nullopt;
  return std::string(ascii.get());
}

/// Takes a local part off the front of `text`, which then begins with what follows it. Nothing
/// where there is none. Dots at its ends and two in a row are taken, too, though RFC 5321 wants
/// such a local part quoted: Japanese mobile operators have given them to people.
std::optional<std::string> take_local_part(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || !is_atoms_and_dots(text.substr(0, at))) return std::nullopt;
    std::string local(text.substr(0, at));
    text.remove_prefix(at);
    return local;
  }
  std::string local;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      if (local.empty()) return std::nullopt;
      return local;
    }
    if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
    local += text[i];
  }
  return std::nullopt;
}

std::string in_quotes(std::string_view local_part) {
  std::string result = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string with_local_part(const std::string& local_part, const std::string& domain) {
  return (is_dot_string(local_part) ? local_part : in_quotes(local_part)) + "@" + domain;
}

/// What stands before the first `=`, taken with it off the front of `text`; nothing without one.
std::optional<std::string_view> take_up_to_equals(std::string_view& text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, equals);
  text.remove_prefix(equals + 1);
  return part;
}

/// BATV's tag: a key's digit, three digits of a day, six hexadecimal ones of a hash.
bool is_prvs_tag(std::string_view text) {
  constexpr std::size_t kDecimal = 4;
  return text.size() == 10 && text.substr(0, kDecimal).find_first_not_of("0123456789") == kNone &&
         text.substr(kDecimal).find_first_not_of("0123456789abcdefABCDEF") == kNone;
}

/// Bounce address tag validation: `prvs=TAG=user`, `prvs=user/TAG` of its first drafts, Barracuda's
/// `btv1==TAG==user`, SparkPost's `msprvs1=TAG=user`.
std::optional<std::string_view> undo_tag(std::string_view local_part) {
  const auto take = [&](std::string_view prefix) {
    if (!starts_with_ignoring_case(local_part, prefix)) return false;
    local_part.remove_prefix(prefix.size());
    return true;
  };
  if (take("btv1==")) {
    const auto end = local_part.find("==");
    if (end == kNone) return std::nullopt;
    local_part.remove_prefix(end + 2);
  } else if (take("prvs=") || take("msprvs1=")) {
    const auto separator = local_part.find_first_of("=/");
    if (separator == kNone) return std::nullopt;
    const auto front = local_part.substr(0, separator);
    const auto back = local_part.substr(separator + 1);
    local_part = is_prvs_tag(back) && !is_prvs_tag(front) ? front : back;
  } else {
    return std::nullopt;
  }
  return local_part.empty() ? std::nullopt : std::optional(local_part);
}

/// What Gmail puts behind the account that forwards: `user+caf_=target=domain`.
std::optional<std::string_view> undo_gmail_forwarding(std::string_view local_part) {
  const auto mark = local_part.find("+caf_=");
  if (mark == kNone || mark == 0) return std::nullopt;
  return local_part.substr(0, mark);
}

/// Sender rewriting scheme: `SRS0=HASH=TIME=domain=user@forwarder`, and of a second forwarder
/// `SRS1=HASH=forwarder==HASH=TIME=domain=user@second`. `+` or `-` may stand in the place of the
/// `=` behind SRS0, and of the second one behind the first forwarder. Exchange Online writes
/// `mailbox+SRS=HASH=TIME=domain=user`.
std::optional<Address> undo_srs(std::string_view rewritten) {
  constexpr std::string_view kSeparators = "=+-";
  constexpr std::string_view kExchange = "+srs=";
  const bool second = starts_with_ignoring_case(rewritten, "SRS1");
  if (second || starts_with_ignoring_case(rewritten, "SRS0")) {
    rewritten.remove_prefix(4);
  } else if (const auto mark = to_lower_ascii(rewritten).find(kExchange); mark != kNone) {
    rewritten.remove_prefix(mark + kExchange.size() - 1);
  } else {
    return std::nullopt;
  }
  const auto take_separator = [&] {
    if (rewritten.empty() || kSeparators.find(rewritten.front()) == std::string_view::npos) {
      return false;
    }
    rewritten.remove_prefix(1);
    return true;
  };
  if (!take_separator()) return std::nullopt;
  if (second) {  // hash and forwarder
    if (!take_up_to_equals(rewritten) || !take_up_to_equals(rewritten) || !take_separator()) {
      return std::nullopt;
    }
  }
  if (!take_up_to_equals(rewritten) || !take_up_to_equals(rewritten)) return std::nullopt;
  const auto domain = take_up_to_equals(rewritten);
  if (!domain || rewritten.empty()) return std::nullopt;
  return parse_address(with_local_part(std::string(rewritten), std::string(*domain)));
}

std::optional<Address> undo_rewriting(const Address& address) {
  for (const auto undo : {undo_tag, undo_gmail_forwarding}) {
    if (const auto local_part = undo(address.local_part)) {
      return Address{std::string(*local_part), address.domain, address.ascii_domain};
    }
  }
  return undo_srs(address.local_part);
}

enum class TokenKind { kWord, kComment, kSpecial };

struct Token {
  TokenKind kind;
  std::string raw;      ///< as written: a quoted string with its quotes
  std::string meaning;  ///< a quoted string's content, a comment's text
  bool is_closed = true;
};

/// Takes a comment off the front of `text`, which begins with its parenthesis.
Token take_comment(std::string_view& text) {
  Token token{TokenKind::kComment, {}, {}};
  std::size_t depth = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '(') {
      if (++depth == 1) continue;
    } else if (text[i] == ')') {
      if (--depth == 0) break;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
    token.meaning += text[i];
  }
  token.is_closed = i < text.size();
  text.remove_prefix(std::min(i + 1, text.size()));
  return token;
}

Token take_quoted_string(std::string_view& text) {
  Token token{TokenKind::kWord, {}, {}};
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    token.meaning += text[i];
  }
  token.is_closed = i < text.size();
  i = std::min(i + 1, text.size());
  token.raw = text.substr(0, i);
  text.remove_prefix(i);
  return token;
}

/// The length of a domain literal at the front of `text`, which may hold colons; 0: there is none.
std::size_t literal_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const auto end = text.substr(0, kMaxLiteralOctets).find_first_of("]<>, \t\r\n");
  return end != std::string_view::npos && text[end] == ']' ? end + 1 : 0;
}

/// The length of an encoded-word at the front of `text` that holds specials, as programs write them
/// into names (`=?utf-8?Q?M=C3=BCller, Eva?=`), but no other address; 0 if there is none.
std::size_t name_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  const auto length = encoded_word_length(text);
  return text.substr(0, length).find_first_of("<>\"") == std::string_view::npos ? length : 0;
}

/// Takes the next token off the front of `text`, which is not empty and begins with no blank. An
/// address is many of them where it holds a quoted string or a literal.
Token take_token(std::string_view& text) {
  constexpr std::string_view kSpecials = "<>,;:";
  constexpr std::string_view kEndsOfAtom = "<>,;:([\" \t\r\n";
  if (text.front() == '(') return take_comment(text);
  if (text.front() == '"') return take_quoted_string(text);
  const bool special = kSpecials.find(text.front()) != std::string_view::npos;
  auto length = std::max(literal_length(text), name_length(text));
  if (length == 0) length = special ? 1 : std::min(text.find_first_of(kEndsOfAtom, 1), text.size());
  const std::string raw(text.substr(0, length));
  text.remove_prefix(length);
  return {special ? TokenKind::kSpecial : TokenKind::kWord, raw, raw};
}

/// An addr-spec, put together from its tokens. Blanks may stand around its `.` and `@`, and around
/// the `,` and `:` of a route (obsolete syntax), and nowhere else: "in fo@example.org" is no
/// address, least of all info@example.org.
class AddrSpec {
 public:
  void add(const std::string& word) {
    const auto joins = [](char c) { return c == '.' || c == '@' || c == ',' || c == ':'; };
    if (!text_.empty() && !joins(text_.back()) && !joins(word.front())) broken_ = true;
    text_ += word;
  }
  /// Empty where it is broken. Obsolete routes, <@a,@b:user@host>, are dropped.
  [[nodiscard]] std::string text() const {
    if (broken_) return {};
    if (!text_.starts_with('@')) return text_;
    bool in_literal = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '[') in_literal = true;
      if (text_[i] == ']') in_literal = false;
      if (text_[i] == ':' && !in_literal) return text_.substr(i + 1);
    }
    return text_;
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string text_;
  bool broken_ = false;
};

/// What has been read of one entry of an address list.
struct PartialMailbox {
  std::string words;    ///< the display name, if an angle bracket follows
  AddrSpec bare;        ///< the same words as an address, if none does
  AddrSpec angle;       ///< what stands between < and >
  std::string comment;  ///< the last one: the name in `user@host (Name)`
  bool has_angle = false;

  void add_word(const Token& token) {
    if (!words.empty()) words += ' ';
    words += token.meaning;
    bare.add(token.raw);
  }
  /// An angle bracket with nothing in it is a mailbox, the null one; one with nonsense is none.
  [[nodiscard]] bool makes_sense() const {
    return has_angle ? angle.empty() || !angle.text().empty() : !bare.text().empty();
  }
  [[nodiscard]] Mailbox mailbox(std::string_view raw_charset) const {
    const std::string_view name = has_angle ? words : trim(comment);
    return {decode_field_start(name, raw_charset), has_angle ? angle.text() : bare.text()};
  }
};

}  // namespace

std::string Address::to_string() const {
  return with_local_part(local_part, domain);
}

std::string Address::to_wire() const {
  return with_local_part(local_part, is_ascii(local_part) ? ascii_domain : domain);
}

std::string Address::normalized() const {
  return fold_case(local_part) + "@" + ascii_domain;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > kMaxAddressOctets || !is_valid_utf8(text) || to_single_line(text) != text) {
    return std::nullopt;
  }
  auto local_part = take_local_part(text);
  if (!local_part || !text.starts_with('@')) return std::nullopt;
  std::string domain(text.substr(1));
  auto ascii_domain = to_ascii_domain(domain);
  if (!ascii_domain) return std::nullopt;
  return Address{*std::move(local_part), std::move(domain), *std::move(ascii_domain)};
}

std::optional<std::string> parse_domain(std::string_view text) {
  auto address = parse_address("x@" + std::string(text));
  if (!address) return std::nullopt;
  return std::move(address->ascii_domain);
}

Address without_extension(Address address, std::string_view delimiters) {
  const auto delimiter = address.local_part.find_first_of(delimiters);
  if (delimiter != std::string::npos && delimiter > 0) address.local_part.resize(delimiter);
  return address;
}

std::optional<Address> address_in_local_part(std::string_view local_part,
                                             std::string_view delimiters) {
  const std::string text = unquoted(local_part);
  for (const char separator : {'@', '#', '='}) {
    const auto at = text.rfind(separator);
    if (at == std::string::npos) continue;
    const auto domain = text.substr(at + 1);
    // Mail servers put a recipient's extension behind whatever an alias gives.
    for (const auto end : {std::string::npos, domain.find_first_of(delimiters)}) {
      if (auto inner = parse_address(with_local_part(text.substr(0, at), domain.substr(0, end)))) {
        return inner;
      }
    }
  }
  return std::nullopt;
}

Address person_behind(const Address& sender) {
  Address person = sender;
  // A forwarder may have rewritten a tagged address, or another forwarder's.
  for (int layer = 0; layer < kMaxRewritings; ++layer) {
    const auto inner = undo_rewriting(person);
    if (!inner) break;
    person = *inner;
  }
  return person;
}

std::string canonical_sender(const Address& sender) {
  return without_extension(person_behind(sender), "+").normalized();
}

bool find_mailbox(std::string_view field_body, const std::function<bool(const Mailbox&)>& is_wanted,
                  std::string_view raw_charset) {
  PartialMailbox partial;
  bool in_angle = false;
  for (std::string_view rest = trim(field_body); !rest.empty(); rest = trim(rest)) {
    const Token token = take_token(rest);
    if (token.kind == TokenKind::kComment) {
      partial.comment = token.meaning;
    } else if (in_angle) {
      in_angle = token.raw != ">";
      if (in_angle) partial.angle.add(token.raw);
    } else if (token.kind == TokenKind::kWord) {
      partial.add_word(token);
    } else if (token.raw == "<") {
      in_angle = partial.has_angle = true;
      partial.angle = {};
    } else if (token.raw == ":") {  // what stood before is a group's name
      partial = {};
    } else if (token.raw == "," || token.raw == ";") {
      if (partial.makes_sense() && is_wanted(partial.mailbox(raw_charset))) return true;
      partial = {};
    }
  }
  return partial.makes_sense() && is_wanted(partial.mailbox(raw_charset));
}

std::string find_mailbox_fault(std::string_view text) {
  bool in_angle = false;
  bool has_angle = false;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const Token token = take_token(text);
    if (!token.is_closed) {
      return token.kind == TokenKind::kComment ? "'(' without ')'" : "'\"' without a second one";
    }
    if (token.kind == TokenKind::kComment) continue;
    if (token.raw == ">") {
      if (!in_angle) return "'>' without '<'";
      in_angle = false;
    } else if (has_angle && !in_angle) {
      return "'" + token.raw + "' behind the '>'";
    } else if (token.raw == "<") {
      if (in_angle) return "a second '<'";
      in_angle = has_angle = true;
    } else if (token.raw == ":" && !in_angle) {  // else what stands before it were dropped
      return "':' in a name needs quotes, as in \"Sales: Europe\" <sales@example.org>";
    }
  }
  return in_angle ? "'<' without '>'" : "";
}

std::optional<Mailbox> parse_one_mailbox(std::string_view text) {
  if (!find_mailbox_fault(text).empty()) return std::nullopt;
  auto mailboxes = parse_mailboxes(text);
  if (mailboxes.size() != 1) return std::nullopt;
  const auto address = parse_address(mailboxes.front().addr_spec);
  if (!address) return std::nullopt;
  return Mailbox{std::move(mailboxes.front().display_name), address->to_wire()};
}

std::vector<Mailbox> parse_mailboxes(std::string_view field_body) {
  std::vector<Mailbox> mailboxes;
  find_mailbox(field_body, [&](const Mailbox& mailbox) {
    mailboxes.push_back(mailbox);
    return false;
  });
  return mailboxes;
}

}  // namespace inforeply
