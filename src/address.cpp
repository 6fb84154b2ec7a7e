#include "inforeply/address.hpp"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "inforeply/encoded_word.hpp"
#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxAddressOctets = 254;  // RFC 5321, 4.5.3.1.3, less the angle brackets
constexpr std::size_t kMaxDomainOctets = 253;
constexpr std::size_t kMaxLabelOctets = 63;
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

/// RFC 5321's Dot-string: atoms with single dots between them.
bool is_dot_string(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
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
/// where there is none.
std::optional<std::string> take_local_part(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || !is_dot_string(text.substr(0, at))) return std::nullopt;
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

std::string quoted(std::string_view local_part) {
  std::string result = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string with_local_part(const std::string& local_part, const std::string& domain) {
  return (is_dot_string(local_part) ? local_part : quoted(local_part)) + "@" + domain;
}

enum class TokenKind { kWord, kComment, kSpecial };

struct Token {
  TokenKind kind;
  std::string raw;      ///< as written: a quoted string with its quotes
  std::string meaning;  ///< a quoted string's content, a comment's text
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
  i = std::min(i + 1, text.size());
  token.raw = text.substr(0, i);
  text.remove_prefix(i);
  return token;
}

/// Takes the next token off the front of `text`, which is not empty and begins with no blank.
Token take_token(std::string_view& text) {
  constexpr std::string_view kSpecials = "<>,;:";
  constexpr std::string_view kEndsOfAtom = "<>,;:(\" \t\r\n";
  if (text.front() == '(') return take_comment(text);
  if (text.front() == '"') return take_quoted_string(text);
  const bool special = kSpecials.find(text.front()) != std::string_view::npos;
  const auto length = special ? 1 : std::min(text.find_first_of(kEndsOfAtom), text.size());
  const std::string raw(text.substr(0, length));
  text.remove_prefix(length);
  return {special ? TokenKind::kSpecial : TokenKind::kWord, raw, raw};
}

/// What has been read of one entry of an address list.
struct PartialMailbox {
  std::string words;    ///< the display name, if an angle bracket follows
  std::string bare;     ///< the same without blanks: the addr-spec, if none does
  std::string angle;    ///< what stands between < and >
  std::string comment;  ///< the last one: the name in `user@host (Name)`
  bool has_angle = false;

  void add_word(const Token& token) {
    if (!words.empty()) words += ' ';
    words += token.meaning;
    bare += token.raw;
  }

  /// Adds what was read, if it is a mailbox, and begins anew.
  void finish(std::vector<Mailbox>& into) {
    if (has_angle) {
      if (angle.starts_with('@')) angle.erase(0, angle.find(':') + 1);  // route: <@a,@b:user@host>
      into.push_back({decode_field_text(words), angle});
    } else if (bare.find('@') != std::string::npos) {
      into.push_back({decode_field_text(trim(comment)), bare});
    }
    *this = {};
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
  if (text.size() > kMaxAddressOctets || has_control_characters(text) || !is_valid_utf8(text)) {
    return std::nullopt;
  }
  auto local_part = take_local_part(text);
  if (!local_part || !text.starts_with('@')) return std::nullopt;
  std::string domain(text.substr(1));
  auto ascii_domain = to_ascii_domain(domain);
  if (!ascii_domain) return std::nullopt;
  return Address{*std::move(local_part), std::move(domain), *std::move(ascii_domain)};
}

Address without_extension(Address address, std::string_view delimiters) {
  const auto delimiter = address.local_part.find_first_of(delimiters);
  if (delimiter != std::string::npos && delimiter > 0) address.local_part.resize(delimiter);
  return address;
}

std::string canonical_sender(const Address& sender) {
  return without_extension(sender, "+").normalized();
}

std::vector<Mailbox> parse_mailboxes(std::string_view field_body) {
  std::vector<Mailbox> mailboxes;
  PartialMailbox partial;
  bool in_angle = false;
  for (std::string_view rest = trim(field_body); !rest.empty(); rest = trim(rest)) {
    const Token token = take_token(rest);
    if (token.kind == TokenKind::kComment) {
      partial.comment = token.meaning;
    } else if (in_angle) {
      in_angle = token.raw != ">";
      if (in_angle) partial.angle += token.raw;
    } else if (token.kind == TokenKind::kWord) {
      partial.add_word(token);
    } else if (token.raw == "<") {
      in_angle = partial.has_angle = true;
      partial.angle.clear();
    } else if (token.raw == ":") {  // what stood before is a group's name
      partial = {};
    } else if (token.raw == "," || token.raw == ";") {
      partial.finish(mailboxes);
    }
  }
  partial.finish(mailboxes);
  return mailboxes;
}

}  // namespace inforeply
