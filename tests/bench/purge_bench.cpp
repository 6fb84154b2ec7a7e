// How fast a purge is, and how long deliveries wait beside it.
//
//   purge_bench make FILE RECORDS       a cache of so many records, every other one expired
//   purge_bench purge FILE BATCH...     for each size of a batch: purges a copy of it while other
//                                       processes reserve replies, and before that lets them do so
//                                       alone
//
// Prints a line of figures for each; the latencies are of ReplyCache::reserve, from one process
// after another begins. FILE lies on the disk that is to be measured.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "inforeply/cache_file.hpp"
#include "inforeply/reply_cache.hpp"

namespace inforeply {
namespace {

using Stopwatch = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr Seconds kDay{24 * 3600};
constexpr int kDeliverers = 2;
constexpr std::chrono::milliseconds kBetweenMessages{2};
constexpr std::chrono::seconds kAlone{5};

ReplyRecord make_record(std::size_t number) {
  ReplyRecord record;
  // Spread over responders and senders as mail is: neighbours in time are none in the file.
  const std::size_t scattered = number * 2654435761U % 4294967296U;
  record.key = {"user" + std::to_string(scattered % 1000) + "@example.org",
                "person" + std::to_string(scattered) + "@mail.example.net",
                "0123456789abcdef0123456789abcdef"};
  record.state = RecordState::kAnswered;
  const Seconds age{static_cast<Seconds::rep>(scattered % 604800)};
  record.answered_at = number % 2 == 0 ? kNow - kDay * 7 - age : kNow - age;
  record.expires_at = record.answered_at + kDay * 7;
  record.count = 1;
  record.message_id = "<" + std::to_string(number) + ".message@mail.example.net>";
  record.delivery = std::string(32, 'd');
  return record;
}

void make(const std::string& path, std::size_t records) {
  constexpr std::size_t kAtOnce = 50'000;
  const auto cache = open_cache(path, CacheAccess::kCreate);
  for (std::size_t number = 0; number < records;) {
    std::vector<ReplyRecord> chunk;
    for (; number < records && chunk.size() < kAtOnce; ++number)
      chunk.push_back(make_record(number));
    cache->put(chunk);
  }
}

/// Reserves and confirms until `stop` exists, and writes how long each reservation took.
void deliver(const std::string& path, int who, const std::string& stop, const std::string& report) {
  const auto cache = open_cache(path, CacheAccess::kExisting);
  std::ofstream out(report);
  for (int number = 0; !std::filesystem::exists(stop); ++number) {
    ReservationRequest request;
    request.key = {"user@example.org", std::to_string(who) + "." + std::to_string(number), "h"};
    request.delivery = std::to_string(number);
    request.interval = kDay;
    request.now = kNow;
    const auto start = Stopwatch::now();
    if (cache->reserve(request) != Reservation::kGranted) std::abort();
    out << Milliseconds(Stopwatch::now() - start).count() << "\n";
    cache->confirm(request);
    std::this_thread::sleep_for(kBetweenMessages);
  }
}

/// The latencies of reservations by other processes, in order, while `work` is done here.
template <typename Work>
std::vector<double> latencies_beside(const std::string& path, int round, Work work) {
  const std::string stop = path + ".stop";
  std::filesystem::remove(stop);
  std::vector<pid_t> children;
  for (int who = 0; who < kDeliverers; ++who) {
    const pid_t child = ::fork();
    if (child == 0) {
      deliver(path, round * kDeliverers + who, stop, path + ".latencies" + std::to_string(who));
      ::_exit(0);
    }
    children.push_back(child);
  }
  work();
  std::ofstream(stop) << "\n";
  std::vector<double> all;
  for (int who = 0; who < kDeliverers; ++who) {
    ::waitpid(children[static_cast<std::size_t>(who)], nullptr, 0);
    std::ifstream report(path + ".latencies" + std::to_string(who));
    for (double latency = 0; report >> latency;)
      all.push_back(latency);
  }
  std::sort(all.begin(), all.end());
  if (all.empty()) all.push_back(0);
  return all;
}

std::string shown(const std::vector<double>& sorted) {
  const auto at = [&](std::size_t percent) { return sorted[(sorted.size() - 1) * percent / 100]; };
  std::array<char, 120> text{};
  std::snprintf(text.data(), text.size(), "p50 %7.2f  p99 %7.2f  max %7.2f ms (%zu)", at(50),
                at(99), at(100), sorted.size());
  return text.data();
}

void measure(const std::string& file, std::size_t batch) {
  const std::string path = file + ".copy";
  std::filesystem::remove(path + "-lock");
  std::filesystem::copy_file(file, path, std::filesystem::copy_options::overwrite_existing);
  ::sync();  // what the copy has left to be written would be in the way
  const auto alone = latencies_beside(path, 0, [] { std::this_thread::sleep_for(kAlone); });
  std::size_t removed = 0;
  double seconds = 0;
  const auto beside = latencies_beside(path, 1, [&] {
    const auto cache = open_cache(path, CacheAccess::kExisting);
    PurgeRequest request;
    request.now = kNow;
    request.batch = batch;
    const auto start = Stopwatch::now();
    removed = cache->purge(request);
    seconds = std::chrono::duration<double>(Stopwatch::now() - start).count();
  });
  std::printf(
      "batch %6zu  %zu records in %.1f s: %.0f/s\n  reserve alone   %s\n  beside a purge  %s\n",
      batch, removed, seconds, static_cast<double>(removed) / seconds, shown(alone).c_str(),
      shown(beside).c_str());
  std::fflush(stdout);
}

}  // namespace
}  // namespace inforeply

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "make") {
    inforeply::make(words[1], std::stoul(words[2]));
    return 0;
  }
  if (words.size() >= 3 && words[0] == "purge") {
    for (std::size_t i = 2; i < words.size(); ++i)
      inforeply::measure(words[1], std::stoul(words[i]));
    return 0;
  }
  std::cerr << "usage: purge_bench make FILE RECORDS | purge_bench purge FILE BATCH...\n";
  return 64;
}
