#include "cache/record_format.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/digest.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxKeyPart = 180;
constexpr std::size_t kDigestOctets = 32;
constexpr std::size_t kForwarderDigits = 16;
constexpr std::size_t kMaxStoredString = 255;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLimitMark = std::uint64_t{0xFFFFFFFF} << 32U;  // in place of a time

template <typename Integer>
void put_integer(std::string& into, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    into += static_cast<char>(value >> (8 * i));
}

/// Cuts what is longer: only a digest or a Message-ID could be, and both only have to be
/// recognised.
void put_string(std::string& into, std::string_view text) {
  text = text.substr(0, kMaxStoredString);
  put_integer(into, static_cast<std::uint8_t>(text.size()));
  into += text;
}

/// Takes a value apart; `ok` turns false at its end and stays so.
struct Reader {
  std::string_view rest;
  bool ok = true;

  template <typename Integer>
  Integer integer() {
    ok = ok && rest.size() >= sizeof(Integer);
    if (!ok) return 0;
    Integer value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      value |= static_cast<Integer>(static_cast<Integer>(static_cast<unsigned char>(rest[i]))
                                    << (8 * i));
    }
    rest.remove_prefix(sizeof(Integer));
    return value;
  }
  std::string string() {
    const std::size_t size = integer<std::uint8_t>();
    ok = ok && rest.size() >= size;
    if (!ok) return {};
    std::string text(rest.substr(0, size));
    rest.remove_prefix(size);
    return text;
  }
};

std::uint64_t to_stored(std::optional<Time> time) {
  return time ? static_cast<std::uint64_t>(time->time_since_epoch().count()) : kNever;
}

Time from_stored(std::uint64_t seconds) {
  return Time{Seconds{static_cast<Seconds::rep>(seconds)}};
}

/// A damaged counter may hold a time that no clock shows; it is brought near enough that sums and
/// differences are numbers.
Time time_of_counter(std::uint64_t seconds) {
  constexpr std::uint64_t kFarthest = std::uint64_t{1} << 40U;  // some 35,000 years from now
  return from_stored(std::min(seconds, kFarthest));
}

struct StoredTally {
  Time expires_at;
  std::uint32_t limit = 0;  // 0: not told
  std::vector<ReplyTally::Entry> entries;
};

std::optional<StoredTally> read_tally(std::string_view value) {
  Reader reader{value};
  StoredTally tally{time_of_counter(reader.integer<std::uint64_t>()), 0, {}};
  while (reader.ok && !reader.rest.empty()) {
    const auto at = reader.integer<std::uint64_t>();
    const auto replies = reader.integer<std::uint32_t>();
    if (replies == 0 && (at & kLimitMark) == kLimitMark) {
      tally.limit = static_cast<std::uint32_t>(at & ~kLimitMark);
    } else {
      tally.entries.push_back({time_of_counter(at), replies});
    }
  }
  if (!reader.ok) return std::nullopt;
  return tally;
}

}  // namespace

std::string key_part(const std::string& text) {
  if (text.size() <= kMaxKeyPart) return text;
  return text.substr(0, kMaxKeyPart - kDigestOctets - 1) + '\x01' + digest({text});
}

std::string prefix_of(const std::string& responder) {
  return key_part(responder) + '\0';
}
std::string prefix_of(const std::string& responder, const std::string& sender) {
  return prefix_of(responder) + key_part(sender) + '\0';
}
std::string record_key(const ReplyKey& key) {
  std::string text = prefix_of(key.responder, key.sender) + key.handle;
  if (!key.forwarder.empty()) {
    text += '\0' + digest({key.forwarder}).substr(0, kForwarderDigits);
  }
  return text;
}

std::string expiry_value(Time expires_at) {
  std::string value;
  put_integer(value, to_stored(expires_at));
  return value;
}

std::string encode(const ReplyRecord& record) {
  std::string value;
  put_integer(value, static_cast<std::uint8_t>(record.state));
  put_integer(value, to_stored(record.answered_at));
  put_integer(value, to_stored(record.expires_at));
  put_integer(value, record.count + (record.state == RecordState::kPending ? 1U : 0U));
  put_string(value, record.message_id);
  put_string(value, record.delivery);
  for (const auto* part : {&record.key.responder, &record.key.sender}) {
    put_string(value, part->size() > kMaxKeyPart ? std::string_view(*part) : std::string_view());
  }
  put_string(value, record.key.forwarder);
  put_integer(value, record.tries);
  return value;
}

std::optional<ReplyRecord> decode(std::string_view key, std::string_view value) {
  const auto responder_end = key.find('\0');
  const auto sender_end = key.find('\0', responder_end + 1);
  if (responder_end == std::string_view::npos || sender_end == std::string_view::npos) {
    return std::nullopt;
  }
  ReplyRecord record;
  Reader reader{value};
  const auto state = reader.integer<std::uint8_t>();
  record.state = static_cast<RecordState>(state);
  record.answered_at = from_stored(reader.integer<std::uint64_t>());
  const auto expires_at = reader.integer<std::uint64_t>();
  if (expires_at != kNever) record.expires_at = from_stored(expires_at);
  record.count = reader.integer<std::uint32_t>();
  if (record.state == RecordState::kPending && record.count > 0) --record.count;
  record.message_id = reader.string();
  record.delivery = reader.string();
  record.key.responder = reader.string();
  record.key.sender = reader.string();
  if (!reader.rest.empty()) {
    record.key.forwarder = reader.string();
    record.tries = reader.integer<std::uint8_t>();
  }
  if (record.key.responder.empty()) record.key.responder = key.substr(0, responder_end);
  if (record.key.sender.empty()) {
    record.key.sender = key.substr(responder_end + 1, sender_end - responder_end - 1);
  }
  key.remove_prefix(sender_end + 1);
  const auto forwarder_octets = record.key.forwarder.empty() ? 0 : 1 + kForwarderDigits;
  if (key.size() < forwarder_octets) return std::nullopt;
  record.key.handle = key.substr(0, key.size() - forwarder_octets);
  const bool known_state =
      record.state == RecordState::kPending || record.state == RecordState::kAnswered;
  if (!reader.ok || !known_state) return std::nullopt;
  return record;
}

std::string encode(const ReplyTally& tally, Seconds period, std::uint32_t replies) {
  std::string value;
  put_integer(value, to_stored(tally.entries().back().at + period));
  if (replies > 0) {
    put_integer(value, kLimitMark | replies);
    put_integer(value, std::uint32_t{0});
  }
  for (const auto& entry : tally.entries()) {
    put_integer(value, to_stored(entry.at));
    put_integer(value, entry.replies);
  }
  return value;
}

std::optional<ReplyTally> decode_tally(std::string_view value) {
  auto stored = read_tally(value);
  if (!stored) return std::nullopt;
  return ReplyTally(std::move(stored->entries));
}

bool is_limit_reached(std::string_view value, Time now) {
  auto stored = read_tally(value);
  if (!stored || stored->limit == 0 || stored->entries.empty()) return false;
  const Time last = stored->entries.back().at;
  if (stored->expires_at <= last) return false;
  const Seconds period = stored->expires_at - last;
  return !ReplyTally(std::move(stored->entries)).has_room({stored->limit, period, {}}, now);
}

std::string kind_of_limit(std::string_view counter) {
  return std::string(counter.substr(0, counter.find(' ')));
}

Time expiry_in(std::string_view value) {
  return from_stored(Reader{value}.integer<std::uint64_t>());
}

}  // namespace inforeply
