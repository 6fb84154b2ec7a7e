#include "inforeply/replay.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
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

constexpr std::string_view kMboxMark = "From ";
constexpr std::size_t kMaxAddressees = 100;
/// Ten years: mail of times to come is made to try a responder before they come.
constexpr Seconds kMaxAhead{std::chrono::days{3653}};

/// Calls `is_enough` with the addresses of the fields of that name until it returns true.
void find_address(const Header& header, std::string_view name,
                  const std::function<bool(const std::string&)>& is_enough) {
  for (const auto& field : header.fields) {
    const bool is_wanted = equals_ignoring_case(field.name, name);
    if (is_wanted && find_mailbox(field.body, [&](const Mailbox& mailbox) {
          return parse_address(mailbox.addr_spec) && is_enough(mailbox.addr_spec);
        })) {
      return;
    }
  }
}

/// The first address of the first field of that name that has one; empty if none has.
std::string first_address(const Header& header, std::string_view name) {
  std::string address;
  find_address(header, name, [&](const std::string& found) {
    address = found;
    return true;
  });
  return address;
}

/// Where a program keeps mail it may write fields above Return-Path, and nobody's address into the
/// mbox line (Thunderbird `-` or nothing, Gmail a number).
std::string envelope_sender_of(const Message& message, MboxLine line) {
  if (const auto* path = message.header.find("Return-Path"))
    return normalize_sender(strip_comments(*path));
  const auto& mbox_sender = message.return_path;
  const bool is_usable = mbox_sender && line != MboxLine::kBare &&
                         (mbox_sender->empty() || parse_address(*mbox_sender));
  return is_usable ? *mbox_sender : first_address(message.header, "From");
}

/// Where the words of a date begin in an mbox line: a weekday, a month, a day, a time. nullopt if
/// it has none.
std::optional<std::size_t> find_mbox_date(const std::vector<std::string_view>& words) {
  constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu",
                                                     "Fri", "Sat", "Sun"};
  for (std::size_t i = 1; i + 3 < words.size(); ++i) {
    if (is_one_of(words[i], kDays) && is_one_of(words[i + 1], kMonthNames) &&
        words[i + 3].find(':') != std::string_view::npos) {
      return i;
    }
  }
  return std::nullopt;
}

/// The date of an mbox line: in UTC if it names no zone, which may stand before the year or behind.
std::optional<Time> parse_mbox_date(std::string_view line) {
  if (!line.starts_with(kMboxMark)) return std::nullopt;
  const std::string plain = collapse_blanks(line);
  const auto words = split(plain, ' ');
  const auto begin = find_mbox_date(words);
  if (!begin) return std::nullopt;
  std::string date;
  std::string zone;
  for (std::size_t i = *begin + 4; i < words.size(); ++i) {
    auto& part = words[i].size() == 4 && parse_number(words[i]) ? date : zone;
    part.append(" ").append(words[i]);
  }
  const auto day_and_month = std::string(words[*begin + 2]) + " " + std::string(words[*begin + 1]);
  return parse_mail_date(day_and_month + date + " " + std::string(words[*begin + 3]) + zone);
}

/// When it came, as read_stored_message tells it.
std::optional<Time> date_of(const Header& header, std::string_view first_line, Time now) {
  const auto is_good = [&](const std::optional<Time>& time) {
    return time && *time >= Time{} && *time <= now + kMaxAhead;
  };
  if (const auto time = received_at(header); is_good(time)) return time;
  const auto* date = header.find("Date");
  if (const auto time = date ? parse_mail_date(*date) : std::nullopt; is_good(time)) return time;
  const auto time = parse_mbox_date(first_line);
  return is_good(time) ? time : std::nullopt;
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

/// Whether the file would be that address's in a folder of responders.
bool is_named_for(const std::string& file, const Address& address, const std::string& delimiters) {
  namespace fs = std::filesystem;
  const auto path = fs::absolute(file).lexically_normal();
  const auto domain_folder = path.parent_path();
  for (const auto& folder : {domain_folder.parent_path(), domain_folder}) {
    for (const auto& candidate : responder_folder(folder.string(), delimiters)->candidates(address))
      if (fs::path(candidate.path).lexically_normal() == path) return true;
  }
  return false;
}

Settings in_shadow(Settings settings) {
  settings.mode = ReplyMode::kShadow;
  settings.log_addresses = true;
  return settings;
}

}  // namespace

MboxLine mbox_line(std::string_view line) {
  if (!line.starts_with(kMboxMark)) return MboxLine::kNone;
  if (trim(line.substr(kMboxMark.size())).empty()) return MboxLine::kBare;
  const std::string plain = collapse_blanks(line);
  return find_mbox_date(split(plain, ' ')) ? MboxLine::kDated : MboxLine::kNone;
}

StoredMessage read_stored_message(std::string_view text, Time now) {
  const Message message = parse_message(text.substr(0, kMaxReplayedOctets));
  StoredMessage stored;
  const auto first_line = take_line(text);
  stored.date = date_of(message.header, first_line, now);
  stored.sender = envelope_sender_of(message, mbox_line(first_line));
  stored.original = first_address(message.header, "X-Original-To");
  if (stored.original.empty()) stored.original = first_address(message.header, "Envelope-To");
  stored.recipient = first_address(message.header, "Delivered-To");
  if (stored.recipient.empty()) stored.recipient = std::exchange(stored.original, {});
  for (const auto* name : {"To", "Cc"}) {
    find_address(message.header, name, [&](const std::string& address) {
      if (stored.addressees.size() < kMaxAddressees) stored.addressees.push_back(address);
      return stored.addressees.size() == kMaxAddressees;
    });
  }
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
  std::set<std::string> own;  // addresses that a responder for all names
};

Replay::Replay(Settings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}
Replay::~Replay() = default;

bool Replay::is_for_all() const {
  return !parts_->settings.responder.empty();
}

bool Replay::knows(const std::string& recipient) const {
  const auto& settings = parts_->settings;
  const auto address = real_recipient(recipient, settings);
  if (!address) return false;
  if (is_for_all() && is_named_for(settings.responder, *address, settings.recipient_delimiter))
    return true;
  std::optional<FoundResponder> found;
  bool is_at_fault = false;
  collect_fault([&](const ConfigError& /*fault*/) { is_at_fault = true; },
                [&] { found = parts_->responders->find(*address); });
  if (!is_for_all()) return found || is_at_fault;
  if (!found) return false;
  const auto person = [&](const Address& any) {
    return without_extension(any, settings.recipient_delimiter).normalized();
  };
  auto& own = parts_->own;
  if (own.empty()) {
    for (const auto& each : found->responder->addresses)
      own.insert(person(each));
  }
  return own.contains(person(*address));
}

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
