#include "cache/redis/redis_keys.hpp"

#include <algorithm>

#include "cache/record_format.hpp"
#include "inforeply/text.hpp"

namespace inforeply::redis {
namespace {

constexpr std::string_view kRecord = "inforeply:1:{";
constexpr std::string_view kHold = "inforeply:1:hold:{";
constexpr std::string_view kLimit = "inforeply:1:limit:{";

/// The parts of a record's key, which end at NUL, as those of a name.
std::string named(std::string_view prefix, std::string_view record_key) {
  std::string name(prefix);
  const char* before_next = "}:";
  while (true) {
    const auto end = std::min(record_key.find('\0'), record_key.size());
    name += encode_part(record_key.substr(0, end));
    if (end == record_key.size()) return name;
    name += before_next;
    before_next = ":";
    record_key.remove_prefix(end + 1);
  }
}

}  // namespace

std::string encode_part(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_letter_or_digit(c) || std::string_view("@.-_+=").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%' + to_hex(c);
    }
  }
  return encoded;
}

std::string record_name(std::string_view record_key) {
  return named(kRecord, record_key);
}

std::string hold_name(std::string_view record_key, std::string_view delivery) {
  return named(kHold, record_key) + ":" + encode_part(delivery);
}

std::string limit_name(std::string_view slot, std::string_view counter) {
  return std::string(kLimit) + encode_part(slot) + "}:" + encode_part(counter);
}

bool is_limit_name(std::string_view name) {
  return name.starts_with(kLimit);
}

std::optional<std::string> record_key_in(std::string_view name) {
  if (!name.starts_with(kRecord)) return std::nullopt;
  name.remove_prefix(kRecord.size());
  const auto brace = name.find("}:");
  if (brace == std::string_view::npos) return std::nullopt;
  std::string key = decode_hex_escapes(name.substr(0, brace), '%');
  name.remove_prefix(brace + 1);
  while (name.starts_with(':')) {
    name.remove_prefix(1);
    const auto end = std::min(name.find(':'), name.size());
    key += '\0' + decode_hex_escapes(name.substr(0, end), '%');
    name.remove_prefix(end);
  }
  return key;
}

std::string pattern_of(const RecordFilter& filter) {
  const auto part = [](const std::string& text) {
    return text.empty() ? std::string("*") : encode_part(key_part(text));
  };
  return std::string(kRecord) + part(filter.responder) + "}:" + part(filter.sender) + ":*";
}

}  // namespace inforeply::redis
