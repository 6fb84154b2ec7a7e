// A cache's file, with other octets in its pages: what the verification finds sound LMDB must cope
// with, and what a repair leaves must be sound.
//
// An input is a row of changes: u8 page, u16 offset, u8 count, so many octets.
#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/lmdb/lmdb.hpp"
#include "cache/lmdb/lmdb_store.hpp"
#include "cache/lmdb/lmdb_tables.hpp"
#include "fixtures.hpp"
#include "fuzz/fuzz.hpp"
#include "inforeply/cache_records.hpp"

namespace inforeply {
namespace {

using fuzz::expect;

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr int kRecords = 200;
constexpr std::size_t kLargeValue = 10'000;
constexpr std::size_t kPageOctets = 4096;
constexpr std::size_t kMaxFileOctets = std::size_t{256} * 1024;

ReplyRecord record(int number) {
  ReplyRecord record;
  record.key = {"info@example.org", "person-" + std::to_string(number) + "@example.net", "winter"};
  record.state = RecordState::kAnswered;
  record.answered_at = kNow;
  record.expires_at = kNow + Seconds{3600 * number};
  record.count = 1;
  return record;
}

/// With branches, leaves, a large value and free pages.
std::string make_cache(const std::string& path) {
  {
    const lmdb::Environment environment(path);
    const lmdb::Tables tables(environment, CacheAccess::kCreate);
    lmdb::Transaction write(environment, lmdb::Mode::kWrite);
    for (int number = 0; number < kRecords; ++number)
      tables.store(write, record(number), std::nullopt);
    write.put(tables.limits(), "counter", std::string(kLargeValue, '\0'));
    write.commit();
    lmdb::Transaction remove(environment, lmdb::Mode::kWrite);
    for (int number = 0; number < kRecords / 2; ++number)
      tables.remove(remove, record(number));
    remove.commit();
  }
  auto octets = test::read_file(path);
  expect(!octets.empty() && octets.size() <= kMaxFileOctets, "a small cache");
  return octets;
}

/// The same, with signals left to libFuzzer: a cache takes them to report damage and end.
std::string make_cache_for_fuzzing(const std::string& path) {
  constexpr std::array<int, 4> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  std::array<struct sigaction, kSignals.size()> kept{};
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals[i], nullptr, &kept[i]);
  auto octets = make_cache(path);
  for (std::size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals[i], &kept[i], nullptr);
  return octets;
}

void change(std::string& octets, std::string_view changes) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(changes[at]); };
  while (changes.size() > 4) {
    const std::size_t page = octet(0) % (octets.size() / kPageOctets);
    const std::size_t offset = (octet(1) + 256U * octet(2)) % kPageOctets;
    const auto text = changes.substr(4, octet(3) % (kPageOctets - offset));
    octets.replace(page * kPageOctets + offset, text.size(), text);
    changes.remove_prefix(4 + text.size());
  }
}

/// What the programs do with it. Damage of records is an error like any other.
void use(const LmdbStore& store) {
  try {
    const auto records = store.open_records(CacheAccess::kExisting);
    static_cast<void>(records->put(std::array{record(kRecords), record(kRecords - 1)}));
    static_cast<void>(records->purge({.now = kNow + Seconds{3600 * (kRecords - 10)}}));
    records->visit({}, [](const ReplyRecord&) { return true; });
  } catch (const Error&) {
  }
}

void check(const LmdbStore& store) {
  const auto ignore = [](const std::string&) {};
  try {
    if (store.check(CheckMode::kReport, ignore).has_sound_pages) {
      use(store);
      store.require_sound();  // what LMDB has written on sound pages is sound
    }
    static_cast<void>(store.check(CheckMode::kRepair, ignore));
  } catch (const Error&) {
    return;  // nothing can be read, or it is another program's
  }
  const auto after = store.check(CheckMode::kReport, ignore);
  expect(after.is_sound(), "a repaired cache is sound");
  use(store);
  store.require_sound();
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  static const test::TemporaryFolder first;
  static const std::string made = make_cache_for_fuzzing(first.path("cache.mdb"));
  const test::TemporaryFolder folder;
  std::string octets = made;
  change(octets, fuzz::to_text(data, size));
  check(LmdbStore(folder.write("cache.mdb", octets)));
  return 0;
}
