#include "cache/redis/redis_keys.hpp"

#include <algorithm>

#include "cache/record_format.hpp"
#include "inforeply/text.hpp"

namespace inforeply::redis {
namespace {

constexpr std::string_view kHold = "hold:";
constexpr std::string_view kLimit = "limit:";

/// The parts of a record's key, which end at NUL, as those of a name.
std::string named(const std::string& prefix, std::string_view record_key) {
  std::string name = prefix + "{";
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

KeyNames::KeyNames(ReplyMode mode)
    : prefix_(mode == ReplyMode::kShadow ? "inforeply:1:shadow:" : "inforeply:1:") {}

std::string KeyNames::record(std::string_view record_key) const {
  return named(prefix_, record_key);
}

std::string KeyNames::hold(std::string_view record_key, std::string_view delivery) const {
  return named(prefix_ + std::string(kHold), record_key) + ":" + encode_part(delivery);
}

std::string KeyNames::limit(std::string_view slot, std::string_view counter) const {
  return prefix_ + std::string(kLimit) + "{" + encode_part(slot) + "}:" + encode_part(counter);
}

bool KeyNames::is_limit(std::string_view name) const {
  return name.starts_with(prefix_ + std::string(kLimit));
}

std::optional<std::string> KeyNames::counter_in(std::string_view limit_name) const {
  const auto brace = limit_name.find("}:");
  if (!is_limit(limit_name) || brace == std::string_view::npos) return std::nullopt;
  return decode_hex_escapes(limit_name.substr(brace + 2), '%');
}

std::optional<std::string> KeyNames::record_key_in(std::string_view name) const {
  if (!name.starts_with(prefix_ + "{")) return std::nullopt;
  name.remove_prefix(prefix_.size() + 1);
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

std::string KeyNames::pattern_of(const RecordFilter& filter) const {
  const auto part = [](const std::string& text) {
    return text.empty() ? std::string("*") : encode_part(key_part(text));
  };
  return prefix_ + "{" + part(filter.responder) + "}:" + part(filter.sender) + ":*";
}

}  // namespace inforeply::redis
