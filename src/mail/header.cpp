#include "mail/header.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

bool is_field_name_character(char c) {
  return c > ' ' && c < 0x7F && c != ':';
}

/// Returns the length of the name in "Name:" or, in obsolete syntax, "Name :"; 0 if there is none.
std::size_t field_name_length(std::string_view line) {
  const auto name_end = std::find_if_not(line.begin(), line.end(), is_field_name_character);
  const auto length = static_cast<std::size_t>(name_end - line.begin());
  const auto colon = line.find_first_not_of(" \t", length);
  return colon != std::string_view::npos && line[colon] == ':' ? length : 0;
}

/// Drops the middle third at once if the header is full: not every new field shall move all others.
void make_room(Header& header) {
  if (header.fields.size() < kMaxFields) return;
  constexpr std::ptrdiff_t kThird = kMaxFields / 3;
  header.fields.erase(header.fields.begin() + kThird, header.fields.begin() + 2 * kThird);
  header.has_gap = true;
}

bool is_message_id(std::string_view text) {
  return text.starts_with('<') && text.ends_with('>') && text.size() > 2 &&
         text.size() <= kMaxMessageIdOctets && !has_control_characters(text) && is_ascii(text);
}

/// Whether the text is a msg-id whose brackets a program has left out.
bool is_bare_message_id(std::string_view text) {
  const auto at = text.find('@');
  return at != 0 && at < text.size() - 1 && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of("<>()\"\\;") == std::string_view::npos &&
         is_message_id("<" + std::string(text) + ">");
}

/// nullopt if words stand among the ids and no id has its brackets.
std::optional<std::vector<std::string>> find_message_ids(std::string_view body) {
  std::vector<std::string> ids;
  std::vector<std::string> with_bare_ones;
  bool has_words = false;
  while (true) {
    body.remove_prefix(std::min(body.find_first_not_of(", \t"), body.size()));
    if (body.empty()) break;
    // A comma separates ids, but may stand in an id with brackets.
    const auto* const ends = body.starts_with('<') ? "> \t<" : "> \t<,";
    const auto end = std::min(body.find_first_of(ends, 1), body.size());
    const bool is_closed = end < body.size() && body[end] == '>';
    const auto token = body.substr(0, is_closed ? end + 1 : end);
    body.remove_prefix(token.size());
    if (is_message_id(token)) {
      ids.emplace_back(token);
      with_bare_ones.emplace_back(token);
    } else if (is_bare_message_id(token)) {
      with_bare_ones.push_back("<" + std::string(token) + ">");
    } else {
      has_words = true;
    }
  }
  if (!has_words) return with_bare_ones;
  return ids.empty() ? std::nullopt : std::optional(std::move(ids));
}

/// Without what a sentence may have behind it.
std::string_view leading_domain(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.';
  });
  text = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  while (text.ends_with('.'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

const std::string* Header::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const HeaderField& field) {
    return equals_ignoring_case(field.name, name);
  });
  return found == fields.end() ? nullptr : &found->body;
}

Header parse_header(std::string_view block) {
  Header header;
  bool in_field = false;
  for (std::size_t number = 1; !block.empty(); ++number) {
    auto line = take_line(block);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool continues = line.starts_with(' ') || line.starts_with('\t');
    if (continues && in_field) {
      header.fields.back().body += line;
    } else if (const auto length = field_name_length(line); length != 0) {
      make_room(header);
      header.fields.push_back({std::string(line.substr(0, length)),
                               std::string(line.substr(line.find(':') + 1)), number});
      in_field = true;
    } else {
      in_field = false;
      if (header.skipped_line == 0) header.skipped_line = number;
    }
  }
  for (auto& field : header.fields)
    field.body = std::string(trim(field.body));
  return header;
}

std::string strip_comments(std::string_view body) {
  std::string result;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (c == '\\' && (quoted || depth > 0) && i + 1 < body.size()) {
      if (depth == 0) result += body.substr(i, 2);
      ++i;
      continue;
    }
    if (c == '"' && depth == 0) quoted = !quoted;
    if (c == '(' && !quoted) ++depth;
    if (depth == 0) result += c;
    if (c == ')' && !quoted && depth > 0 && --depth == 0) result += ' ';
  }
  return std::string(trim(result));
}

std::string leading_token(std::string_view body) {
  const std::string bare = strip_comments(body);
  const std::string_view value = trim(std::string_view(bare).substr(0, bare.find(';')));
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return to_lower_ascii(value);
  return to_lower_ascii(trim(value.substr(0, slash))) + '/' +
         to_lower_ascii(trim(value.substr(slash + 1)));
}

std::string find_message_id(std::string_view body, std::string_view beginning,
                            const std::function<bool(std::string_view domain)>& is_wanted) {
  constexpr std::string_view kAround = " \t<>()\";,'";
  while (!body.empty()) {
    const auto begin = std::min(body.find_first_not_of(kAround), body.size());
    body.remove_prefix(begin);
    std::string id = "<" + std::string(body.substr(0, body.find_first_of(kAround))) + ">";
    const auto at = id.rfind('@');
    if (starts_with_ignoring_case(id, beginning) && at != std::string::npos &&
        is_wanted(leading_domain(std::string_view(id).substr(at + 1)))) {
      return id;
    }
    body.remove_prefix(id.size() - 2);
  }
  return {};
}

std::vector<std::string> parse_message_ids(std::string_view body) {
  if (auto ids = find_message_ids(body)) return *std::move(ids);
  const std::string without_comments = strip_comments(body);
  return find_message_ids(without_comments).value_or(std::vector<std::string>{});
}

}  // namespace inforeply
