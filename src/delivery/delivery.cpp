#include "delivery/delivery.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "decision/explanation.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "mailer/maildir.hpp"
#include "reply/composer.hpp"
#include "reply/reply_view.hpp"
#include "responder/choice.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::milliseconds kAskAgain{20};
constexpr std::chrono::milliseconds kConfirmAgain{200};

/// The reason in the log if nobody will ever know whether the reply was sent.
constexpr std::string_view kUnknownOutcome = "unknown-outcome";

/// In the log if the mail server says nothing of the sender: it is then taken for the null sender.
constexpr const char* kNoSender =
    "nothing names the envelope sender: neither -f nor Return-Path or a 'From ' line "
    "(SENDER counts where no recipient is an argument)";

struct GivenAddress {
  std::string_view role;
  const std::string& text;
};

/// The addresses for which a responder is looked for.
std::vector<GivenAddress> given_addresses(const Recipient& recipient) {
  std::vector<GivenAddress> given = {{"recipient", recipient.address}};
  if (!recipient.original.empty() && recipient.original != recipient.address) {
    given.push_back({"original recipient", recipient.original});
  }
  return given;
}

/// With `...` for the local part of each address in it.
std::string without_local_parts(std::string_view text) {
  std::string result;
  for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@')) {
    auto before = text.substr(0, at);
    const std::string_view ends = before.ends_with('"') ? "\"" : " \t<>()[],;:\"";
    if (before.ends_with('"')) before.remove_suffix(1);
    result.append(before.substr(0, before.find_last_of(ends) + 1)).append("...@");
    text.remove_prefix(at + 1);
  }
  return result.append(text);
}

/// `limit 300/1h`
std::string name_of(const CountedLimit& counted) {
  return std::string(counted.setting) + " " + counted.limit.text;
}

}  // namespace

struct Delivery::RecipientCase {
  std::shared_ptr<const Responder> responder;  // null: none
  std::optional<Address> found_by;             // the address that has the responder
  bool is_own = false;                         // which is of that address alone
  std::optional<Address> used;                 // the recipient's address that the sender used
  ReplyMode mode = ReplyMode::kLive;
  Decision decision;
  Choice choice;  // if a reply is due
  Reply reply;    // read later, so that a fault in its files is logged with the rest
};

struct Delivery::LogEntry : LogLine {
  Severity severity = Severity::kInfo;

  void set(std::string_view new_action, std::string_view new_reason, std::string new_detail) {
    action = new_action;
    reason = new_reason;
    detail = std::move(new_detail);
  }
  void add_detail(const std::string& text) { detail += (detail.empty() ? "" : "; ") + text; }
};

Delivery::Delivery(World world, const Message& message, Envelope envelope)
    : world_(std::move(world)),
      message_(message),
      envelope_(std::move(envelope)),
      sender_(envelope_.sender ? *envelope_.sender : message.return_path.value_or("")),
      start_(std::chrono::steady_clock::now()) {}

bool is_autoreply_domain(std::string_view text, const Settings& settings) {
  const auto& domains = settings.autoreply_domains;
  if (domains.empty()) return false;  // as mostly: to parse a domain takes a while
  const auto domain = parse_domain(text);
  return domain && std::find(domains.begin(), domains.end(), *domain) != domains.end();
}

std::optional<Address> real_recipient(const std::string& text, const Settings& settings) {
  const auto at = text.rfind('@');
  if (at != std::string::npos && is_autoreply_domain(text.substr(at + 1), settings)) {
    const auto& delimiters = settings.recipient_delimiter;
    if (auto inner = address_in_local_part(text.substr(0, at), delimiters)) return inner;
  }
  return parse_address(text);
}

Delivery::RecipientCase Delivery::examine(const Recipient& recipient) const {
  const auto& settings = world_.settings;
  RecipientCase examined;
  std::vector<Address> own;
  for (const auto& text : {recipient.address, recipient.original}) {
    const auto address = real_recipient(text, settings);
    if (!address) continue;
    own.push_back(*address);
    examined.used = address;  // the last counts: the original recipient, if known
    auto found = examined.responder ? std::nullopt : world_.responders.find(*address);
    if (found) {
      examined.responder = std::move(found->responder);
      examined.found_by = found->address;
      examined.is_own = found->is_own;
    }
    // If an address with extension has a responder of its own, the one without is another's.
    own.push_back(found ? found->address
                        : without_extension(*address, settings.recipient_delimiter));
  }
  if (examined.responder) {
    const bool is_live = settings.mode == ReplyMode::kLive;
    examined.mode = is_live ? examined.responder->mode : settings.mode;
    own.insert(own.end(), examined.responder->addresses.begin(),
               examined.responder->addresses.end());
  }
  // All that stands in such a domain comes here: whoever writes from there is one of ours.
  if (is_autoreply_domain(sender_.person.ascii_domain, settings)) own.push_back(sender_.person);
  examined.decision =
      decide({message_, sender_, examined.responder.get(), own, settings.recipient_delimiter,
              world_.clock.now(), settings.trusted_authserv, settings.give_up_after});
  if (!examined.decision.suppressed) {
    const auto address = addressed_as(message_, own, settings.recipient_delimiter);
    // A tenant may have named anybody's address.
    if (address && examined.responder->author.may_speak_for(*address)) examined.used = address;
    examined.choice = choose_reply(*examined.responder, message_, sender_, world_.clock.now());
  }
  return examined;
}

std::string Delivery::composed(const RecipientCase& examined) const {
  return compose({message_, *examined.responder, examined.reply, sender_, *examined.used,
                  examined.found_by->normalized(), world_.clock.now()});
}

std::chrono::steady_clock::time_point Delivery::step_deadline() const {
  return std::min(world_.deadline, std::chrono::steady_clock::now() + kStepTimeLimit);
}

ReserveResult Delivery::ask_cache(ReplyCache& cache, const ReservationRequest& request) const {
  const auto deadline = step_deadline();
  while (true) {
    auto result = cache.reserve(request, world_.clock.now());
    if (result.outcome != ReserveOutcome::kInProgress ||
        std::chrono::steady_clock::now() >= deadline) {
      return result;
    }
    std::this_thread::sleep_for(kAskAgain);
  }
}

Submission Delivery::submit(const RecipientCase& examined, const Address& recipient,
                            const std::string& reply) {
  if (!mailer_) mailer_ = world_.make_mailer();
  auto submission = mailer_->submit(examined.reply.settings.envelope_from, recipient.to_wire(),
                                    reply, step_deadline());
  if (!world_.settings.log_addresses)
    submission.detail = without_local_parts(submission.detail);  // servers repeat whom they refuse
  return submission;
}

void Delivery::make_copies(const RecipientCase& examined, const std::string& reply,
                           LogEntry& entry) {
  // The reply is on its way, whatever becomes of a copy.
  const auto attempt = [&](auto make_copy) {
    try {
      make_copy();
    } catch (const std::exception& error) {
      entry.add_detail(std::string("no copy: ") + error.what());
      entry.severity = Severity::kWarning;
    }
  };
  const auto& settings = examined.reply.settings;
  attempt([&] {
    if (settings.fcc) deliver_as_seen(*settings.fcc, reply);
  });
  attempt([&] {
    if (!settings.bcc) return;
    const auto copy = submit(examined, *settings.bcc, reply);
    if (copy.result != Submission::Result::kAccepted) throw Error(Fault::kMailer, copy.detail);
  });
}

std::vector<CountedLimit> Delivery::limits_of(const RecipientCase& examined) const {
  const auto& settings = world_.settings;
  std::vector<CountedLimit> limits;
  const auto add = [&](std::string_view setting, std::string counter,
                       const std::optional<RateLimit>& limit, std::string slot) {
    if (limit) limits.push_back({setting, std::move(counter), *limit, {}, std::move(slot)});
  };
  const auto& responder = *examined.responder;
  const std::string slot = examined.is_own ? "" : "responder " + responder.file;
  add("limit", "responder " + responder.file, responder.limit, slot);
  // A person counts by where the reply goes, as a domain does below. A digest: who is forgotten
  // leaves no trace.
  add("limit-person",
      "person " + digest({sender_.canonical(), sender_.forwarder(), responder.file}),
      responder.limit_person, slot);
  // Counted by where the reply goes: anybody can make up the address inside a forwarder's.
  const std::string domain = "domain " + sender_.address->ascii_domain;
  add("limit-sender-domain", domain, settings.limit_sender_domain, domain);
  add("main limit", "all", settings.limit, "all");
  if (settings.limit) limits.back().member = "all " + responder.file;
  return limits;
}

ReplyKey Delivery::key_of(const RecipientCase& examined) const {
  return {examined.found_by->normalized(), sender_.canonical(), examined.reply.handle,
          sender_.forwarder()};
}

ReserveResult Delivery::reserve(const RecipientCase& examined, LogEntry& entry) {
  auto& cache = caches_[examined.mode];
  if (!cache) cache = world_.open_cache(examined.mode);
  const auto key = key_of(examined);
  // To another recipient of this run it is no copy, but the same message.
  const auto is_in = [&](const std::vector<ReplyKey>& keys) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  if (is_in(unknown_)) throw Error(Fault::kMailer, "whether this reply was sent is not known yet");
  const ReservationRequest request{.key = key,
                                   .message_id = message_.message_id(),
                                   .delivery = digest({envelope_.queue_id, message_.fingerprint}),
                                   .is_named = !envelope_.queue_id.empty() || is_in(answered_),
                                   .interval = examined.reply.settings.interval,
                                   .limits = limits_of(examined),
                                   .booted_at = world_.clock.booted_at()};
  auto result = ask_cache(*cache, request);
  switch (result.outcome) {
    case ReserveOutcome::kGranted:
      break;
    case ReserveOutcome::kAnswered:
      entry.set("suppressed", code_of(Reason::kRecentlyAnswered), {});
      break;
    case ReserveOutcome::kRateLimited:
      entry.set("suppressed", code_of(Reason::kRateLimited), {});
      if (const auto& reached = result.reached) {
        entry.detail = name_of(*reached) + " reached";
      }
      entry.severity = Severity::kWarning;
      break;
    case ReserveOutcome::kGivenUp:
      entry.set("suppressed", kUnknownOutcome, "tried " + std::to_string(kMaxTries) + " times");
      entry.severity = Severity::kError;
      break;
    case ReserveOutcome::kInProgress:
      throw Error(Fault::kCache, "another process is at work on this delivery");
  }
  return result;
}

void Delivery::answer(const RecipientCase& examined, LogEntry& entry) {
  const bool is_shadow = examined.mode == ReplyMode::kShadow;
  const auto granted = reserve(examined, entry);
  if (!granted.reservation) return;
  std::string reply;
  Submission submission{};
  try {
    reply = composed(examined);
    if (!is_shadow) submission = submit(examined, *sender_.address, reply);
    if (submission.result == Submission::Result::kDeferred) {
      throw Error(Fault::kMailer, submission.detail);
    }
  } catch (const std::exception&) {
    release(*granted.reservation);
    throw;
  }
  // The reservation stays pending, as if we had been killed, until the mail server tries again.
  if (submission.result == Submission::Result::kUnknown && granted.tries < kMaxTries) {
    unknown_.push_back(key_of(examined));
    throw Error(Fault::kMailer, submission.detail);
  }
  settle(*granted.reservation, submission, entry);
  answered_.push_back(key_of(examined));
  if (is_shadow) {
    entry.action = "would-reply";
    return;
  }
  // Only after settle: if we are killed meanwhile, the reply is not sent again.
  const bool accepted = submission.result == Submission::Result::kAccepted;
  if (accepted) make_copies(examined, reply, entry);
}

void Delivery::settle(Reservation& reservation, const Submission& submission,
                      LogEntry& entry) const {
  if (submission.result == Submission::Result::kRefused) {
    entry.set("suppressed", "refused", submission.detail);
  } else if (submission.result == Submission::Result::kUnknown) {
    entry.set("suppressed", kUnknownOutcome, submission.detail);
    entry.severity = Severity::kError;
  } else {
    entry.action = "replied";
  }
  // The reply is on its way: another try would send it twice, and forgetting it, too.
  const auto deadline = step_deadline();
  while (true) {
    try {
      return reservation.confirm();
    } catch (const std::exception& error) {
      if (std::chrono::steady_clock::now() >= deadline) {
        entry.severity = Severity::kError;
        return entry.add_detail(error.what());
      }
    }
    std::this_thread::sleep_for(kConfirmAgain);
  }
}

void Delivery::release(Reservation& reservation) const {
  try {
    reservation.release();
  } catch (const std::exception& error) {
    // A pending reservation is granted to this delivery again, to others when its lease ends.
    world_.log.write(Severity::kError, error.what());
  }
}

DeliveryStatus Delivery::run() {
  auto status = DeliveryStatus::kDone;
  for (const auto& recipient : envelope_.recipients) {
    LogEntry entry;
    try {
      RecipientCase examined = examine(recipient);
      if (examined.found_by) entry.responder = in_log(examined.found_by->normalized());
      if (examined.decision.suppressed) {
        entry.set("suppressed", code_of(*examined.decision.suppressed), {});
        if (examined.decision.suppressed == Reason::kLate) entry.severity = Severity::kError;
        if (examined.decision.suppressed == Reason::kNullSender && !is_sender_known()) {
          entry.severity = Severity::kWarning;
          entry.detail = kNoSender;
        }
        const auto tried = examined.responder ? "" : tried_addresses(recipient);
        if (!tried.empty()) entry.detail = "no settings for " + tried;
      } else {
        entry.section = examined.choice.reply->section;
        examined.reply =
            load_reply(*examined.responder, *examined.choice.reply, examined.choice.period);
        entry.handle = examined.reply.handle;
        answer(examined, entry);
      }
    } catch (const std::exception& error) {
      entry.severity = Severity::kError;
      if (is_late(message_, world_.clock.now(), world_.settings.give_up_after)) {
        entry.set("suppressed", code_of(Reason::kLate), error.what());
      } else {
        const auto* known = dynamic_cast<const Error*>(&error);
        const auto fault = known != nullptr ? known->fault() : Fault::kInternal;
        entry.set("deferred", name_of(fault), error.what());
        status = DeliveryStatus::kDeferred;
      }
    }
    write_log(recipient, std::move(entry));
  }
  return status;
}

std::string Delivery::tried_addresses(const Recipient& recipient) const {
  std::vector<std::string> names;
  std::string text;
  for (const auto& given : given_addresses(recipient)) {
    const auto address = real_recipient(given.text, world_.settings);
    if (!address) continue;  // no responder was looked for
    for (const auto& file : world_.responders.candidates(*address)) {
      const auto name = escape_for_log(in_log(file.address.normalized()));
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(name);
      text += (text.empty() ? "" : ", ") + name;
    }
  }
  return text;
}

std::string Delivery::explain_lookup(const Recipient& recipient) const {
  std::string text = "Looked for:\n";
  for (const auto& given : given_addresses(recipient)) {
    const auto address = real_recipient(given.text, world_.settings);
    text += "  " + std::string(given.role) + " " + escape_for_log(given.text) +
            (address ? "\n" : ": not a mail address\n");
    if (!address) continue;
    for (const auto& file : world_.responders.candidates(*address)) {
      text += "    " + escape_for_log(file.address.normalized()) + "  " +
              to_single_line(file.path) + "\n";
    }
  }
  return text;
}

std::string Delivery::in_log(std::string_view address) const {
  if (world_.settings.log_addresses || address.empty()) return std::string(address);
  const auto at = address.rfind('@');
  return "..." + (at == std::string_view::npos ? std::string() : std::string(address.substr(at)));
}

void Delivery::write_log(const Recipient& recipient, LogEntry entry) const {
  if (message_.header_truncated) {
    entry.add_detail("header over " + std::to_string(kMaxHeaderOctets) +
                     " octets, the rest was not looked at");
  }
  if (message_.header.has_gap) {
    entry.add_detail("header over " + std::to_string(kMaxFields) +
                     " fields, some in its middle were not looked at");
  }
  entry.id = envelope_.queue_id;
  entry.from = in_log(sender_.given);
  entry.to = in_log(recipient.address);
  entry.delay = std::chrono::steady_clock::now() - start_;
  world_.report(entry.severity, entry);
}

Delivery::Answer Delivery::composed_answer() const {
  RecipientCase examined = examine(envelope_.recipients.front());
  if (examined.decision.suppressed) return {examined.decision.suppressed};
  examined.reply = load_reply(*examined.responder, *examined.choice.reply, examined.choice.period);
  return {{},
          composed(examined),
          examined.reply.settings.envelope_from,
          examined.found_by->to_string()};
}

std::string Delivery::preview(Explanation explanation, PreviewForm form) const {
  const bool is_explained = explanation == Explanation::kInclude;
  const bool is_view = form == PreviewForm::kView;
  std::string text;
  for (const auto& recipient : envelope_.recipients) {
    RecipientCase examined = examine(recipient);
    const auto& suppressed = examined.decision.suppressed;
    if ((is_explained || is_view) && !text.empty()) text += '\n';
    text += suppressed ? "verdict: suppress: " + std::string(code_of(*suppressed)) + "\n"
                       : std::string("verdict: reply\n");
    if (!suppressed) {
      auto& limits = examined.decision.results.back().evidence;  // of the last rule, rate-limited
      for (const auto& counted : limits_of(examined))
        limits += (limits.empty() ? "" : ", ") + name_of(counted);
    }
    if (is_explained)
      text += "\n" +
              explain(examined.decision, examined.responder ? examined.responder->file : "") +
              explain(examined.choice);
    if (is_explained && !examined.responder) text += explain_lookup(recipient);
    if (suppressed) continue;
    examined.reply =
        load_reply(*examined.responder, *examined.choice.reply, examined.choice.period);
    text += "\n" + (is_view ? view_reply(composed(examined)) : composed(examined));
  }
  return text;
}

}  // namespace inforeply
