// The world of a delivery, put together for tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/open_cache.hpp"
#include "delivery/delivery.hpp"
#include "fixtures.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/error.hpp"
#include "responder/responder_file.hpp"

namespace inforeply::test {

constexpr Time kToday{Seconds{1'800'000'000}};

struct Sent {
  std::string envelope_sender;
  std::string recipient;
  std::string message;
};

/// The world of a delivery, with everything that happened in it.
struct FakeWorld {
  std::vector<CountedLimit> limits{};  // of the last reservation
  std::string handle;                  // the same
  std::optional<Seconds> interval{};   // the same
  FixedClock clock{kToday};
  std::map<std::string, std::string> responder_files;  // by address
  Submission submission{Submission::Result::kAccepted, {}};
  std::map<std::string, Submission> submissions;  // by recipient, instead of that one
  std::vector<ReserveOutcome> outcomes;  // of reservations, given in turn, then always granted
  bool cache_fails = false;
  std::string cache_file;  // of a real cache; empty: reservations are as above
  bool confirm_fails = false;
  bool mailer_is_missing = false;
  int mailers_made = 0;

  std::vector<Sent> sent;
  std::vector<std::string> cache_calls;
  std::vector<std::string> log_lines;
  Severity severity = Severity::kDebug;  // of the last line
};

class FakeReservation : public Reservation {
 public:
  explicit FakeReservation(FakeWorld& world) : world_(world) {}
  void confirm() override {
    world_.cache_calls.emplace_back("confirm");
    if (world_.confirm_fails) throw Error(Fault::kCache, "cannot write cache: No space left");
  }
  void release() override { world_.cache_calls.emplace_back("release"); }

 private:
  FakeWorld& world_;
};

class FakeCache : public ReplyCache {
 public:
  explicit FakeCache(FakeWorld& world) : world_(world) {}
  ReserveResult reserve(const ReservationRequest& request, Time /*now*/) override {
    world_.cache_calls.push_back("reserve " + request.key.responder + " " + request.key.sender);
    world_.limits = request.limits;
    world_.handle = request.key.handle;
    world_.interval = request.interval;
    auto outcome = ReserveOutcome::kGranted;
    if (!world_.outcomes.empty()) {
      outcome = world_.outcomes.front();
      world_.outcomes.erase(world_.outcomes.begin());
    }
    ReserveResult result{outcome};
    if (outcome == ReserveOutcome::kGranted) {
      result.reservation = std::make_unique<FakeReservation>(world_);
    } else if (outcome == ReserveOutcome::kRateLimited) {
      result.reached = request.limits.front();
    }
    return result;
  }

 private:
  FakeWorld& world_;
};

class FakeMailer : public Mailer {
 public:
  explicit FakeMailer(FakeWorld& world) : world_(world) {}
  Submission submit(std::string_view envelope_sender, std::string_view recipient,
                    std::string_view message,
                    std::chrono::steady_clock::time_point /*deadline*/) override {
    world_.sent.push_back(
        {std::string(envelope_sender), std::string(recipient), std::string(message)});
    const auto own = world_.submissions.find(std::string(recipient));
    return own == world_.submissions.end() ? world_.submission : own->second;
  }

 private:
  FakeWorld& world_;
};

class FakeResponders : public ResponderSource {
 public:
  explicit FakeResponders(const FakeWorld& world) : world_(world) {}
  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    const auto file = world_.responder_files.find(address.normalized());
    if (file == world_.responder_files.end()) return std::nullopt;
    return FoundResponder{std::make_unique<Responder>(load_responder(file->second)), address};
  }
  [[nodiscard]] std::vector<CandidateFile> candidates(const Address& address) const override {
    return {{"responders/" + address.normalized(), address}};
  }

 private:
  const FakeWorld& world_;
};

class FakeLog : public Log {
 public:
  explicit FakeLog(FakeWorld& world) : world_(world) {}
  void write(Severity severity, std::string_view line) override {
    world_.log_lines.emplace_back(line);
    world_.severity = severity;
  }

 private:
  FakeWorld& world_;
};

inline constexpr std::string_view kMessage =
    "From: Alice <alice@example.net>\nTo: info@example.org\nSubject: Prices\n"
    "Message-ID: <1@example.net>\n\nHello\n";

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() { add_responder("info@example.org", "info.conf", "text = reply.txt\n"); }

  void add_responder(const std::string& address, const std::string& file,
                     const std::string& settings) {
    static_cast<void>(folder_.write("reply.txt", "Thank you.\n"));
    world_.responder_files[address] = folder_.write(file, settings);
  }

  Delivery delivery(Envelope envelope, std::string_view message = kMessage) {
    message_ = parse_message(message);
    return {{world_.clock, responders_, log_,
             [this](Severity severity, const LogLine& line) {
               log_.write_formatted(severity, format_log_line(line, settings_.log_format));
             },
             [this](ReplyMode mode) -> std::unique_ptr<ReplyCache> {
               world_.cache_calls.emplace_back(mode == ReplyMode::kLive ? "open" : "open shadow");
               if (world_.cache_fails) throw Error(Fault::kCache, "cannot open cache");
               if (!world_.cache_file.empty()) {
                 return open_cache({world_.cache_file}, CacheAccess::kCreate);
               }
               return std::make_unique<FakeCache>(world_);
             },
             [this]() -> std::unique_ptr<Mailer> {
               if (world_.mailer_is_missing) throw Error(Fault::kMailer, "cannot run mailer");
               ++world_.mailers_made;
               return std::make_unique<FakeMailer>(world_);
             },
             settings_, std::chrono::steady_clock::now() + std::chrono::seconds(2)},
            message_,
            std::move(envelope)};
  }
  DeliveryStatus run(Envelope envelope, std::string_view message = kMessage) {
    return delivery(std::move(envelope), message).run();
  }
  static Envelope envelope(const std::string& sender,
                           const std::string& recipient = "info@example.org",
                           const std::string& original = {}) {
    return {sender, {{recipient, original}}, "4ABC"};
  }
  /// The only log line, without its delay.
  std::string log_line() {
    EXPECT_EQ(world_.log_lines.size(), 1U);
    if (world_.log_lines.empty()) return {};
    std::string line = world_.log_lines.front();
    const auto delay = line.find(" delay=");
    const auto end = line.find(' ', delay + 1);
    return line.erase(delay, end == std::string::npos ? end : end - delay);
  }

  test::TemporaryFolder folder_;
  FakeWorld world_;
  FakeResponders responders_{world_};
  FakeLog log_{world_};
  Settings settings_ = default_settings();
  Message message_;
};

}  // namespace inforeply::test
