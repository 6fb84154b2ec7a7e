// Load on a reply cache, for tests/bench/cache: fills one, answers beside other work, lets a year
// pass. Prints one object of JSON.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cache/open_cache.hpp"
#include "inforeply/cache_store.hpp"
#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kSendersOfResponder = 1000;
constexpr std::size_t kBatch = 50'000;
constexpr Seconds kWeek{7 * 24 * 3600};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// A number that shows no order, always the same for the same `i`.
std::uint64_t scatter(std::uint64_t i) {
  i = (i ^ (i >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  i = (i ^ (i >> 27U)) * 0x94D049BB133111EBULL;
  return i ^ (i >> 31U);
}

ReplyKey key_of(std::uint64_t i) {
  return {"info" + std::to_string(i / kSendersOfResponder) + "@example.org",
          "sender." + std::to_string(scatter(i) % 1'000'000'000) + "@host" +
              std::to_string(scatter(i + 7) % 5000) + ".example.net",
          "0123456789abcdef"};
}

/// The i-th of `total` records, in an order that is none of their keys: as people write.
ReplyRecord record_of(std::uint64_t i, std::uint64_t total, std::uint64_t expired, Time now) {
  constexpr std::uint64_t kStride = 7'368'787;  // a prime: every record comes once
  const std::uint64_t number = i * kStride % total;
  ReplyRecord record;
  record.key = key_of(number);
  record.state = RecordState::kAnswered;
  const Seconds age{static_cast<Seconds::rep>(scatter(number + 3) % (6 * 24 * 3600))};
  record.answered_at = now - age - (i < expired ? kWeek : Seconds{0});
  record.expires_at = record.answered_at + kWeek;
  record.count = 1;
  record.message_id = "<" + std::to_string(scatter(number + 5)) + "@mail.example.net>";
  record.delivery = std::string(32, 'd');
  return record;
}

nlohmann::json fill(const std::string& url, std::uint64_t total, std::uint64_t expired) {
  const auto cache = open_cache({url}, CacheAccess::kCreate);
  const Time now = SystemClock().now();
  const auto start = SteadyClock::now();
  std::vector<ReplyRecord> batch;
  for (std::uint64_t i = 0; i < total; ++i) {
    batch.push_back(record_of(i, total, expired, now));
    if (batch.size() < kBatch && i + 1 < total) continue;
    cache->put(batch);
    batch.clear();
  }
  const auto size = make_cache_store({url})->measure();
  return {{"records", total},
          {"seconds", seconds_since(start)},
          {"file_octets", size.octets},
          {"used_octets", size.used_pages * size.page_octets}};
}

ReservationRequest request_for(const std::string& sender) {
  ReservationRequest request;
  request.key = {"new@example.org", sender, "0123456789abcdef"};
  request.message_id = "<" + sender + ">";
  request.delivery = sender;
  request.is_named = true;
  request.interval = kWeek;
  return request;
}

/// Answers a new person every few milliseconds, for `duration` seconds.
nlohmann::json deliver(const std::string& url, double duration) {
  std::mt19937_64 random(std::random_device{}());
  const auto start = SteadyClock::now();
  std::vector<double> milliseconds;
  while (seconds_since(start) < duration) {
    const auto request = request_for(std::to_string(random()) + "@example.com");
    const Time now = SystemClock().now();
    const auto begin = SteadyClock::now();
    const auto cache = open_cache({url}, CacheAccess::kCreate);  // each is a process of its own
    const auto reservation = cache->reserve(request, now).reservation;
    if (!reservation) throw std::runtime_error("not granted");
    reservation->confirm(now);
    milliseconds.push_back(seconds_since(begin) * 1000);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double share) {
    return milliseconds.at(
        static_cast<std::size_t>(share * static_cast<double>(milliseconds.size() - 1)));
  };
  return {{"deliveries", milliseconds.size()},
          {"median_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"max_ms", at(1)}};
}

/// So many people a day for a year, with a purge every night.
nlohmann::json pass_a_year(const std::string& url, std::uint64_t people_a_day) {
  const auto cache = open_cache({url}, CacheAccess::kCreate);
  const Time begin = SystemClock().now();
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t day = 0; day < 365; ++day) {
    const Time morning = begin + Seconds{static_cast<Seconds::rep>(day) * 24 * 3600};
    std::vector<ReplyRecord> batch;
    for (std::uint64_t i = 0; i < people_a_day; ++i) {
      auto record = record_of(day * people_a_day + i, 365 * people_a_day, 0, morning);
      record.answered_at =
          morning + Seconds{static_cast<Seconds::rep>(i * 24 * 3600 / people_a_day)};
      record.expires_at = record.answered_at + kWeek;
      batch.push_back(std::move(record));
      // Few at a time, as they come.
      if (batch.size() < 20 && i + 1 < people_a_day) continue;
      cache->put(batch);
      batch.clear();
    }
    PurgeRequest purge;
    purge.now = morning + Seconds{24 * 3600};
    cache->purge(purge);
    if (day % 30 == 29)
      sizes.push_back(std::filesystem::file_size(make_cache_store({url})->file()));
  }
  return {{"people_a_day", people_a_day}, {"octets_each_30_days", sizes}};
}

int run(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  nlohmann::json result;
  if (words.size() == 4 && words[0] == "fill") {
    result = fill(words[1], std::stoull(words[2]), std::stoull(words[3]));
  } else if (words.size() == 3 && words[0] == "deliver") {
    result = deliver(words[1], std::stod(words[2]));
  } else if (words.size() == 3 && words[0] == "year") {
    result = pass_a_year(words[1], std::stoull(words[2]));
  } else {
    std::cerr << "usage: cache_load fill URL RECORDS EXPIRED | deliver URL SECONDS | year URL "
                 "PEOPLE_A_DAY\n";
    return 64;
  }
  std::cout << result.dump() << '\n';
  return 0;
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  try {
    return inforeply::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "cache_load: " << error.what() << '\n';
    return 70;
  }
}
