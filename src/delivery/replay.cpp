#include "inforeply/replay.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cache/open_cache.hpp"
#include "delivery/delivery.hpp"
#include "inforeply/address.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mail/date.hpp"
#include "mail/mailbox.hpp"
#include "mail/message.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

/// The first address of the first field of that name that has one; empty if none has.
std::string first_address(const Header& header, std::string_view name) {
  std::string address;
  for (const auto& field : header.fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    find_mailbox(field.body, [&](const Mailbox& mailbox) {
      if (!parse_address(mailbox.addr_spec)) return false;
      address = mailbox.addr_spec;
      return true;
    });
    if (!address.empty()) break;
  }
  return address;
}

/// Where a program keeps mail it may write fields above Return-Path, and nobody's address into the
/// mbox line (Thunderbird `-`, Gmail a number).
std::string envelope_sender_of(const Message& message) {
  if (const auto* path = message.header.find("Return-Path"))
    return normalize_sender(strip_comments(*path));
  const auto& mbox_sender = message.return_path;
  const bool is_usable = mbox_sender && (mbox_sender->empty() || parse_address(*mbox_sender));
  return is_usable ? *mbox_sender : first_address(message.header, "From");
}

/// One that all deliveries use. Its owner closes it.
class SharedCache : public ReplyCache {
 public:
  explicit SharedCache(ReplyCache& cache) : cache_(cache) {}
  ReserveResult reserve(const ReservationRequest& request, Time now) override {
    return cache_.reserve(request, now);
  }

 private:
  ReplyCache& cache_;
};

/// What it would say belongs to no message.
class NoLog : public Log {
 public:
  void write(Severity /*severity*/, std::string_view /*line*/) override {}
};

Settings in_shadow(Settings settings) {
  settings.mode = ReplyMode::kShadow;
  settings.log_addresses = true;
  return settings;
}

}  // namespace

StoredMessage read_stored_message(std::string_view text) {
  const Message message = parse_message(text.substr(0, kMaxReplayedOctets));
  StoredMessage stored;
  stored.date = received_at(message.header);
  if (const auto* date = message.header.find("Date"); date != nullptr && !stored.date)
    stored.date = parse_mail_date(*date);
  stored.sender = envelope_sender_of(message);
  stored.original = first_address(message.header, "X-Original-To");
  stored.recipient = first_address(message.header, "Delivered-To");
  if (stored.recipient.empty()) stored.recipient = std::exchange(stored.original, {});
  if (stored.recipient.empty()) stored.recipient = first_address(message.header, "To");
  return stored;
}

struct Replay::Parts {
  explicit Parts(Settings given)
      : settings(in_shadow(std::move(given))),
        responders(remembering(open_responders(settings, IndexAccess::kWrite))),
        cache(open_cache(settings.cache, CacheAccess::kCreate)) {
    cache->relax_durability();
  }

  Settings settings;
  std::unique_ptr<ResponderSource> responders;
  std::unique_ptr<OpenCache> cache;
  FixedClock clock{Time{}};
  NoLog log;
};

Replay::Replay(Settings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}
Replay::~Replay() = default;

ReplayResult Replay::deliver(std::string_view text, const Envelope& envelope, Time now) {
  constexpr std::chrono::minutes kTimeLimit{2};
  parts_->clock.set(now);
  const Message message = parse_message(text.substr(0, kMaxReplayedOctets));
  ReplayResult result;
  const auto report = [&](Severity /*severity*/, const LogLine& line) {
    if (line.action == "would-reply") {
      result.action = ReplayAction::kReply;
    } else {
      result.action = line.action == "deferred" ? ReplayAction::kDefer : ReplayAction::kSuppress;
      result.reason = line.reason;
    }
    result.section = line.section;
    result.responder = line.responder;
    result.detail = line.detail;
  };
  const auto no_mailer = []() -> std::unique_ptr<Mailer> {
    throw Error(Fault::kMailer, "nothing is sent");
  };
  const auto shared = [&](ReplyMode /*mode*/) {
    return std::make_unique<SharedCache>(*parts_->cache);
  };
  Delivery({parts_->clock, *parts_->responders, parts_->log, report, shared, no_mailer,
            parts_->settings, std::chrono::steady_clock::now() + kTimeLimit},
           message, envelope)
      .run();
  if (result.action == ReplayAction::kDefer && result.reason == name_of(Fault::kCache))
    throw Error(Fault::kCache, result.detail);
  return result;
}

void Replay::visit_answered(
    const std::function<void(const std::string&, const std::string&)>& visit) {
  std::pair<std::string, std::string> last;
  parts_->cache->visit({}, [&](const ReplyRecord& record) {
    std::pair<std::string, std::string> person{record.key.responder, record.key.sender};
    if (person != last) visit(person.first, person.second);
    last = std::move(person);
    return true;
  });
}

}  // namespace inforeply
