#include "inforeply/header.hpp"

#include <algorithm>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxMessageIdOctets = 250;

bool is_field_name_character(char c) {
  return c > ' ' && c < 0x7F && c != ':';
}

/// "Name:" or, in obsolete syntax, "Name :"; the length of the name, 0 where there is none.
std::size_t field_name_length(std::string_view line) {
  const auto name_end = std::find_if_not(line.begin(), line.end(), is_field_name_character);
  const auto length = static_cast<std::size_t>(name_end - line.begin());
  const auto colon = line.find_first_not_of(" \t", length);
  return colon != std::string_view::npos && line[colon] == ':' ? length : 0;
}

/// For one more field, by a third at once: not every field shall move all others.
void make_room(Header& header) {
  if (header.fields.size() < kMaxFields) return;
  constexpr std::ptrdiff_t kThird = kMaxFields / 3;
  header.fields.erase(header.fields.begin() + kThird, header.fields.begin() + 2 * kThird);
  header.has_gap = true;
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
    const auto end = std::min(block.find('\n'), block.size());
    std::string_view line = block.substr(0, end);
    block.remove_prefix(std::min(end + 1, block.size()));
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

std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  const auto end_part = [&](std::size_t end) {
    if (const auto part = trim(text.substr(begin, end - begin)); !part.empty()) {
      parts.push_back(part);
    }
    begin = end + 1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && quoted) {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == separator && !quoted) {
      end_part(i);
    }
  }
  end_part(text.size());
  return parts;
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::string(text);
  text = text.substr(1, text.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    result += text[i];
  }
  return result;
}

std::vector<std::string> parse_message_ids(std::string_view body) {
  std::vector<std::string> ids;
  while (true) {
    const auto begin = body.find('<');
    if (begin == std::string_view::npos) return ids;
    body.remove_prefix(begin);
    const auto end = body.find_first_of("> \t<", 1);
    if (end == std::string_view::npos) return ids;
    const auto id = body.substr(0, end + 1);
    if (id.back() == '>' && id.size() > 2 && id.size() <= kMaxMessageIdOctets &&
        !has_control_characters(id) && is_ascii(id)) {
      ids.emplace_back(id);
    }
    body.remove_prefix(end);
  }
}

}  // namespace inforeply
