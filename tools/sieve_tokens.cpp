#include "sieve_tokens.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Kind = SieveToken::Kind;

std::size_t word_length(std::string_view text) {
  const auto* const end = std::find_if_not(
      text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '_'; });
  return static_cast<std::size_t>(end - text.begin());
}

/// RFC 5228, 2.4.1. Nothing for another letter.
unsigned long long factor_of(char quantifier) {
  constexpr unsigned long long kKibi = 1024;
  switch (quantifier) {
    case 'k':
      return kKibi;
    case 'm':
      return kKibi * kKibi;
    case 'g':
      return kKibi * kKibi * kKibi;
    default:
      return 0;
  }
}

}  // namespace

SieveTokens::SieveTokens(const Source& script)
    : script_(script), rest_(script.text), line_(script.line), next_(read()) {}

void SieveTokens::fail(std::size_t line, const std::string& text) const {
  throw ConfigError(script_.name, line, text);
}

SieveToken SieveTokens::take() {
  return std::exchange(next_, read());
}

SieveToken SieveTokens::take(Kind kind, const char* expected) {
  if (next_.kind != kind) fail(next_.line, std::string("expected ") + expected);
  return take();
}

void SieveTokens::take_sign(char sign) {
  if (!next_.is_sign(sign)) fail(next_.line, std::string("expected '") + sign + "'");
  take();
}

void SieveTokens::skip(std::size_t octets) {
  const auto skipped = rest_.substr(0, octets);
  line_ += static_cast<std::size_t>(std::count(skipped.begin(), skipped.end(), '\n'));
  rest_.remove_prefix(skipped.size());
}

void SieveTokens::skip_blanks() {
  while (!rest_.empty()) {
    if (rest_.starts_with('#')) {
      skip(std::min(rest_.find('\n'), rest_.size()));
    } else if (rest_.starts_with("/*")) {
      const auto end = rest_.find("*/", 2);
      if (end == std::string_view::npos) fail(line_, "a comment is not closed");
      skip(end + 2);
    } else if (trim(rest_.substr(0, 1)).empty()) {
      skip(1);
    } else {
      return;
    }
  }
}

std::string SieveTokens::read_quoted() {
  const auto begin = line_;
  std::string text;
  for (skip(1); !rest_.starts_with('"'); skip(1)) {
    if (rest_.starts_with('\\')) skip(1);
    if (rest_.empty()) fail(begin, "a quote is not closed");
    text += rest_.front();
  }
  skip(1);
  return text;
}

/// `text:`, lines to a dot alone, each of which may have one dot more in front.
std::string SieveTokens::read_lines() {
  const auto begin = line_;
  const auto take_one = [&] {
    if (rest_.empty()) fail(begin, "no line '.' ends the text");
    ++line_;
    return take_line(rest_);
  };
  const auto behind = trim(take_one());
  if (!behind.empty() && !behind.starts_with('#')) fail(begin, "'text:' ends its line");
  std::string text;
  for (auto line = take_one(); line != "."; line = take_one()) {
    if (line.starts_with('.')) line.remove_prefix(1);
    text.append(line).append("\n");
  }
  return text;
}

SieveToken SieveTokens::read() {
  skip_blanks();
  const auto line = line_;
  if (rest_.empty()) return {Kind::kEnd, {}, line};
  const char first = rest_.front();
  if (first == '"') return {Kind::kString, read_quoted(), line};
  const bool is_tag = first == ':';
  auto length = word_length(rest_.substr(is_tag ? 1 : 0));
  auto word = to_lower_ascii(rest_.substr(is_tag ? 1 : 0, length));
  if (word == "text" && rest_.substr(length).starts_with(':')) {
    skip(length + 1);
    return {Kind::kString, read_lines(), line};
  }
  if (length == 0) {
    skip(1);
    return {Kind::kSign, std::string(1, first), line};
  }
  skip(length + (is_tag ? 1 : 0));
  if (is_tag) return {Kind::kTag, std::move(word), line};
  if (!is_digit(first)) return {Kind::kIdentifier, std::move(word), line};
  const auto factor = factor_of(word.back());
  const auto number =
      parse_number(std::string_view(word).substr(0, length - (factor != 0 ? 1 : 0)));
  constexpr unsigned long long kMost = 1ULL << 31;  // RFC 5228, 2.4.1
  if (!number || *number > kMost) fail(line, "'" + word + "' is no number");
  return {Kind::kNumber, std::move(word), line, *number * std::max(factor, 1ULL)};
}

}  // namespace inforeply
