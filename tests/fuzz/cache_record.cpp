// The values of a cache's records and counters.
#include <cstdint>
#include <string>
#include <string_view>

#include "cache/lmdb/cache_format.hpp"
#include "fuzz/fuzz.hpp"

namespace inforeply {
namespace {

using fuzz::expect;
using fuzz::expect_equal;

/// The key, up to a line end, and the value that follows.
void check_record(std::string_view key, std::string_view value) {
  const auto record = decode(key, value);
  const bool is_of_this_key = record && record_key(record->key) == key;
  const std::string names = record ? record->key.responder + record->key.sender : "";
  if (!is_of_this_key || names.find('\0') != std::string::npos) return;  // nobody has written it
  const auto written = encode(*record);
  const auto again = decode(record_key(record->key), written);
  expect(again.has_value(), "what is written can be read");
  expect_equal(again->key.responder, record->key.responder, "responder");
  expect_equal(again->key.sender, record->key.sender, "sender");
  expect_equal(again->key.handle, record->key.handle, "handle");
  expect_equal(again->key.forwarder, record->key.forwarder, "forwarder");
  expect_equal(again->message_id, record->message_id, "message id");
  expect_equal(again->delivery, record->delivery, "delivery");
  expect(again->state == record->state && again->answered_at == record->answered_at &&
             again->expires_at == record->expires_at && again->tries == record->tries,
         "state and times");
  expect(again->count == record->count, "count");
  expect_equal(encode(*again), written, "value");
}

void check_counter(std::string_view value) {
  const auto tally = decode_tally(value);
  if (!tally || tally->entries().empty()) return;
  const auto written = encode(*tally, Seconds{3600});
  const auto again = decode_tally(written);
  expect(again.has_value(), "what is written of a counter can be read");
  expect(again->entries().size() == tally->entries().size(), "as many entries");
  expect_equal(encode(*again, Seconds{3600}), written, "counter");
  const auto with_limit = decode_tally(encode(*tally, Seconds{3600}, 5));
  expect(with_limit && with_limit->entries().size() == tally->entries().size(),
         "its limit is no entry");
  static_cast<void>(is_limit_reached(value, Time{Seconds{1'700'000'000}}));
}

void check_index(std::string_view key, std::string_view value) {
  const auto expires_at = expiry_in(value);
  expect_equal(record_key_in(expiry_key(expires_at, key)), key, "key in the index");
  expect(day_in(expiry_key(expires_at, key)) == day_of(expires_at), "day in the index");
  static_cast<void>(record_key_in(value));
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto value = inforeply::fuzz::to_text(data, size);
  inforeply::check_counter(value);
  const auto key = inforeply::fuzz::take_up_to(value, '\n');
  inforeply::check_record(key, value);
  inforeply::check_index(key, value);
  return 0;
}
