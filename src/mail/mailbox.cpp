#include "mail/mailbox.hpp"

#include <algorithm>

#include "inforeply/address.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxLiteralOctets = 64;

enum class TokenKind { kWord, kComment, kSpecial };

struct Token {
  TokenKind kind;
  std::string raw;      ///< as written: a quoted string with its quotes
  std::string meaning;  ///< a quoted string's content, a comment's text
  bool is_closed = true;
};

/// Takes a comment, which begins with `(`, off the front of `text`.
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
  const auto length = quoted_string_length(text);
  const bool is_closed = length != std::string_view::npos;
  const auto raw = text.substr(0, length);
  text.remove_prefix(raw.size());
  return {TokenKind::kWord, std::string(raw),
          is_closed ? unquoted(raw) : without_backslashes(raw.substr(1)), is_closed};
}

/// Returns the length of a domain literal (colons allowed) at the front of `text`, 0 if none.
std::size_t literal_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const auto end = text.substr(0, kMaxLiteralOctets).find_first_of("]<>, \t\r\n");
  return end != std::string_view::npos && text[end] == ']' ? end + 1 : 0;
}

/// The length of an encoded-word at the front of `text`, else 0. Programs write specials into it
/// (`=?utf-8?Q?M=C3=BCller, Eva?=`); with `<`, `>` or `"` it may run into another address.
std::size_t name_length(std::string_view text) {
  if (!text.starts_with("=?")) return 0;
  const auto length = encoded_word_length(text);
  return text.substr(0, length).find_first_of("<>\"") == std::string_view::npos ? length : 0;
}

/// Takes the next token off the front of `text`, which is not empty and begins with no blank. An
/// address with a quoted string or a literal is several tokens.
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

/// An addr-spec, put together from its tokens. Blanks may stand around its `.` and `@`, around the
/// `,` and `:` of a route (obsolete syntax), and nowhere else: "in fo@example.org" is no address,
/// least of all info@example.org.
class AddrSpec {
 public:
  void add(const std::string& word) {
    const auto joins = [](char c) { return c == '.' || c == '@' || c == ',' || c == ':'; };
    if (!text_.empty() && !joins(text_.back()) && !joins(word.front())) broken_ = true;
    text_ += word;
  }
  /// Empty if it is broken. Obsolete routes, <@a,@b:user@host>, are dropped.
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
  AddrSpec bare;        ///< the same words as an address, if no angle bracket follows
  AddrSpec angle;       ///< what stands between < and >
  std::string comment;  ///< the last one: the name in `user@host (Name)`
  bool has_angle = false;

  void add_word(const Token& token) {
    if (!words.empty()) words += ' ';
    words += token.meaning;
    bare.add(token.raw);
  }
  /// `<>` is a mailbox, the null one; angle brackets with nonsense are none.
  [[nodiscard]] bool makes_sense() const {
    return has_angle ? angle.empty() || !angle.text().empty() : !bare.text().empty();
  }
  [[nodiscard]] Mailbox mailbox(std::string_view raw_charset) const {
    const std::string_view name = has_angle ? words : trim(comment);
    return {decode_field_start(name, raw_charset), has_angle ? angle.text() : bare.text()};
  }
};

}  // namespace

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
    } else if (token.raw == ":" && !in_angle) {  // else the text before it would be dropped
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
