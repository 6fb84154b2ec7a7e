#include "inforeply/json.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

/// Which octets follow the first octet of a UTF-8 character: how many, and the range of the first
/// of them (Unicode 15, table 3-7). 0 if the first octet begins no character.
struct Continuation {
  std::size_t count = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Continuation continuation_of(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {1};
  if (lead == 0xE0) return {2, 0xA0};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2};
  if (lead == 0xF0) return {3, 0x90};
  if (lead >= 0xF1 && lead <= 0xF3) return {3};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

/// The length of the character at the start of `text` or of its maximal part, and whether it is
/// complete. `text` must not begin with ASCII.
std::pair<std::size_t, bool> measure_character(std::string_view text) {
  const auto expected = continuation_of(static_cast<unsigned char>(text.front()));
  std::size_t length = 1;
  for (; length <= expected.count && length < text.size(); ++length) {
    const auto octet = static_cast<unsigned char>(text[length]);
    const bool first = length == 1;
    if (octet < (first ? expected.low : 0x80) || octet > (first ? expected.high : 0xBF)) break;
  }
  return {length, expected.count > 0 && length == expected.count + 1};
}

void append_escaped(std::string& into, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  into += '\\';
  if (const auto named = kNamed.find(c); named != std::string_view::npos) {
    into += kNames[named];
    return;
  }
  const auto octet = static_cast<unsigned char>(c);
  into += "u00";
  into += kHex[octet >> 4U];
  into += kHex[octet & 15U];
}

/// A character of at most three octets as \uXXXX: none that disturbs a terminal is longer.
void append_code_point(std::string& into, std::string_view character) {
  unsigned code =
      static_cast<unsigned char>(character.front()) & (character.size() == 2 ? 31U : 15U);
  for (const char c : character.substr(1))
    code = code << 6U | (static_cast<unsigned char>(c) & 63U);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", code);
  into += text.data();
}

}  // namespace

void append_json_string(std::string& into, std::string_view text) {
  into += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    for (; plain < text.size(); ++plain) {
      const auto octet = static_cast<unsigned char>(text[plain]);
      if (octet < 0x20 || octet >= 0x7F || octet == '"' || octet == '\\') break;
    }
    into += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escaped(into, text.front());
      text.remove_prefix(1);
      continue;
    }
    const auto [length, complete] = measure_character(text);
    const auto character = complete ? text.substr(0, length) : kReplacement;
    if (shown_safely(character) == character) {
      into += character;
    } else {
      append_code_point(into, character);
    }
    text.remove_prefix(length);
  }
  into += '"';
}

}  // namespace inforeply
