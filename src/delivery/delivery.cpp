#include "delivery/delivery.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "inforeply/error.hpp"
#include "inforeply/text.hpp"
#include "reply/composer.hpp"
#include "reply/reply_view.hpp"
#include "responder/choice.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::milliseconds kAskAgain{20};

struct GivenAddress {
  std::string_view role;
  const std::string& text;
};

/// Those that a responder is looked for by.
std::vector<GivenAddress> given_addresses(const Recipient& recipient) {
  std::vector<GivenAddress> given = {{"recipient", recipient.address}};
  if (!recipient.original.empty() && recipient.original != recipient.address) {
    given.push_back({"original recipient", recipient.original});
  }
  return given;
}

}  // namespace

struct Delivery::Case {
  std::unique_ptr<Responder> responder;  // null: none
  std::optional<Address> found_by;       // the address that has it
  std::optional<Address> used;           // the recipient's address that the sender used
  Decision decision;
  // Of a message that is due an answer; the reply is read when the log knows the rest:
  Choice choice;
  Reply reply;
};

struct Delivery::LogEntry {
  std::string_view action;
  std::string_view reason = "-";
  std::string handle = "-";
  std::string responder = "-";
  std::string section = "-";
  std::string detail;

  void set(std::string_view new_action, std::string_view new_reason, std::string new_detail) {
    action = new_action;
    reason = new_reason;
    detail = std::move(new_detail);
  }
};

Delivery::Delivery(World world, const Message& message, Envelope envelope)
    : world_(std::move(world)),
      message_(message),
      envelope_(std::move(envelope)),
      sender_(envelope_.sender ? *envelope_.sender : message.return_path.value_or("")),
      start_(std::chrono::steady_clock::now()) {}

std::optional<Address> Delivery::real_recipient(const std::string& text) const {
  const auto& domains = world_.settings.autoreply_domains;
  const auto& delimiters = world_.settings.recipient_delimiter;
  const auto at = text.rfind('@');
  const auto outer = at == std::string::npos ? std::nullopt : parse_domain(text.substr(at + 1));
  if (outer && std::find(domains.begin(), domains.end(), *outer) != domains.end()) {
    if (auto inner = address_in_local_part(text.substr(0, at), delimiters)) return inner;
  }
  return parse_address(text);
}

Delivery::Case Delivery::examine(const Recipient& recipient) const {
  const auto& settings = world_.settings;
  Case one;
  std::vector<Address> own;
  for (const auto& text : {recipient.address, recipient.original}) {
    const auto address = real_recipient(text);
    if (!address) continue;
    own.push_back(*address);
    one.used = address;  // the original recipient, where it is known
    auto found = one.responder ? std::nullopt : world_.responders.find(*address);
    if (found) {
      one.responder = std::move(found->responder);
      one.found_by = found->address;
    }
    // Where its extension leads to a responder of its own, the address without it is another's.
    own.push_back(found ? found->address
                        : without_extension(*address, settings.recipient_delimiter));
  }
  if (one.responder) {
    own.insert(own.end(), one.responder->addresses.begin(), one.responder->addresses.end());
  }
  one.decision = decide({message_, sender_, one.responder.get(), own, settings.recipient_delimiter,
                         world_.clock.now(), settings.trusted_authserv});
  if (!one.decision.suppressed) {
    if (auto address = addressed_as(message_, own, settings.recipient_delimiter)) {
      one.used = address;
    }
    one.choice = choose_reply(*one.responder, message_, sender_);
  }
  return one;
}

std::string Delivery::composed(const Case& one) const {
  return compose({message_, *one.responder, one.reply, sender_, *one.used,
                  one.found_by->normalized(), world_.clock.now()});
}

std::chrono::steady_clock::time_point Delivery::step_deadline() const {
  return std::min(world_.deadline, std::chrono::steady_clock::now() + kStepTimeLimit);
}

Reservation Delivery::reserve(ReservationRequest& request) {
  const auto deadline = step_deadline();
  while (true) {
    request.now = world_.clock.now();
    const auto reservation = cache_->reserve(request);
    if (reservation != Reservation::kInProgress) return reservation;
    if (std::chrono::steady_clock::now() >= deadline) return reservation;
    std::this_thread::sleep_for(kAskAgain);
  }
}

Submission Delivery::submit(const Case& one, const Address& recipient,
                            const std::string& reply) const {
  return world_.make_mailer()->submit(one.reply.settings.envelope_from, recipient.to_wire(), reply,
                                      step_deadline());
}

void Delivery::submit_copy(const Case& one, const std::string& reply, LogEntry& entry) const {
  // The reply is on its way: what becomes of its copy changes nothing of that.
  std::string trouble;
  try {
    const auto copy = submit(one, *one.reply.settings.bcc, reply);
    if (copy.result != Submission::Result::kAccepted) trouble = copy.detail;
  } catch (const std::exception& error) {
    trouble = error.what();
  }
  if (!trouble.empty())
    entry.detail += (entry.detail.empty() ? "" : "; ") + ("no copy: " + trouble);
}

std::vector<CountedLimit> Delivery::limits_of(const Case& one) const {
  const auto& settings = world_.settings;
  std::vector<CountedLimit> limits;
  const auto add = [&](std::string_view setting, std::string counter,
                       const std::optional<RateLimit>& limit) {
    if (limit) limits.push_back({setting, std::move(counter), *limit});
  };
  add("limit", "responder " + one.responder->file, one.responder->limit);
  // Where the reply goes: what a forwarder's address says inside, anybody could have written.
  add("limit-sender-domain", "domain " + sender_.address->ascii_domain,
      settings.limit_sender_domain);
  add("main limit", "all", settings.limit);
  return limits;
}

void Delivery::answer(const Case& one, LogEntry& entry) {
  if (!cache_) cache_ = world_.open_cache();
  ReservationRequest request{{one.found_by->normalized(), sender_.canonical(), one.reply.handle},
                             message_.message_id(),
                             digest({envelope_.queue_id, message_.fingerprint}),
                             !envelope_.queue_id.empty(),
                             one.reply.settings.interval,
                             limits_of(one),
                             {}};
  switch (reserve(request)) {
    case Reservation::kGranted:
      break;
    case Reservation::kAnswered:
      entry.set("suppressed", code_of(Reason::kRecentlyAnswered), {});
      return;
    case Reservation::kRateLimited:
      entry.set("suppressed", code_of(Reason::kRateLimited), {});
      if (const auto* reached = cache_->find_reached(request)) {
        entry.detail = std::string(reached->setting) + " " + reached->limit.text + " reached";
      }
      return;
    case Reservation::kInProgress:
      throw Error(Fault::kCache, "another process is at work on this delivery");
  }

  std::string reply;
  Submission submission{};
  try {
    reply = composed(one);
    submission = submit(one, *sender_.address, reply);
    if (submission.result == Submission::Result::kDeferred) {
      throw Error(Fault::kMailer, submission.detail);
    }
  } catch (const std::exception&) {
    release(request);
    throw;
  }
  if (submission.result == Submission::Result::kUnknown) {
    // As if we had been killed: the reservation stays for when the mail server tries again.
    throw Error(Fault::kMailer, submission.detail);
  }
  entry.action = "replied";
  if (submission.result == Submission::Result::kRefused) {
    entry.set("suppressed", "refused", submission.detail);
  }
  try {
    request.now = world_.clock.now();
    cache_->confirm(request);
  } catch (const std::exception& error) {
    // The reply is on its way: trying again would send it twice.
    entry.detail += (entry.detail.empty() ? "" : "; ") + std::string(error.what());
  }
  // Only now: whatever ends us meanwhile, the reply is not sent again.
  const bool accepted = submission.result == Submission::Result::kAccepted;
  if (accepted && one.reply.settings.bcc) submit_copy(one, reply, entry);
}

void Delivery::release(const ReservationRequest& request) const {
  try {
    cache_->release(request);
  } catch (const std::exception& error) {
    // What stays is granted to this delivery again, and to others when its lease has run out.
    world_.log.write(Severity::kError, error.what());
  }
}

DeliveryStatus Delivery::run() {
  auto status = DeliveryStatus::kDone;
  for (const auto& recipient : envelope_.recipients) {
    LogEntry entry;
    try {
      Case one = examine(recipient);
      if (one.found_by) entry.responder = in_log(one.found_by->normalized());
      if (one.decision.suppressed) {
        entry.set("suppressed", code_of(*one.decision.suppressed), {});
        const auto tried = one.responder ? "" : tried_addresses(recipient);
        if (!tried.empty()) entry.detail = "no settings for " + tried;
      } else {
        const auto& section = one.choice.reply->section;
        if (!section.empty()) entry.section = escape_for_log(section);
        one.reply = load_reply(*one.responder, *one.choice.reply);
        entry.handle = escape_for_log(one.reply.handle);
        answer(one, entry);
      }
    } catch (const Error& error) {
      entry.set("deferred", name_of(error.fault()), error.what());
      status = DeliveryStatus::kDeferred;
    } catch (const std::exception& error) {
      entry.set("deferred", name_of(Fault::kInternal), error.what());
      status = DeliveryStatus::kDeferred;
    }
    write_log(recipient, entry);
  }
  return status;
}

std::string Delivery::tried_addresses(const Recipient& recipient) const {
  std::vector<std::string> names;
  std::string text;
  for (const auto& given : given_addresses(recipient)) {
    const auto address = real_recipient(given.text);
    if (!address) continue;  // nothing was looked for by it
    for (const auto& file : world_.responders.candidates(*address)) {
      const auto name = in_log(file.address.normalized());
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
    const auto address = real_recipient(given.text);
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
  if (world_.settings.log_addresses || address.empty()) return escape_for_log(address);
  const auto at = address.rfind('@');
  return "..." + (at == std::string_view::npos ? "" : escape_for_log(address.substr(at)));
}

void Delivery::write_log(const Recipient& recipient, const LogEntry& entry) const {
  const std::chrono::duration<double> delay = std::chrono::steady_clock::now() - start_;
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.3f", delay.count());
  const std::string id =
      envelope_.queue_id.empty() ? "NOQUEUE" : escape_for_log(envelope_.queue_id);
  std::string line = id + ": from=<" + in_log(sender_.given) + "> to=<" +
                     in_log(recipient.address) + "> action=" + std::string(entry.action) +
                     " reason=" + std::string(entry.reason) + " handle=" + entry.handle +
                     " delay=" + seconds.data() + " responder=" + entry.responder +
                     " section=" + entry.section;
  std::string detail = entry.detail;
  if (message_.header_truncated) {
    detail += (detail.empty() ? "" : "; ") + ("header over " + std::to_string(kMaxHeaderOctets)) +
              " octets, the rest was not looked at";
  }
  if (message_.header.has_gap) {
    detail += (detail.empty() ? "" : "; ") + ("header over " + std::to_string(kMaxFields)) +
              " fields, some in its middle were not looked at";
  }
  if (!detail.empty()) line += " detail=" + to_single_line(detail);
  const bool deferred = entry.action == "deferred";
  world_.log.write(deferred ? Severity::kError : Severity::kInfo, line);
}

std::string Delivery::preview(bool with_explanation, PreviewForm form) const {
  const bool is_view = form == PreviewForm::kView;
  std::string text;
  for (const auto& recipient : envelope_.recipients) {
    Case one = examine(recipient);
    const auto& suppressed = one.decision.suppressed;
    if ((with_explanation || is_view) && !text.empty()) text += '\n';
    text += suppressed ? "verdict: suppress: " + std::string(code_of(*suppressed)) + "\n"
                       : std::string("verdict: reply\n");
    if (with_explanation)
      text += "\n" + explain(one.decision, one.responder ? one.responder->file : "") +
              explain(one.choice);
    if (with_explanation && !one.responder) text += explain_lookup(recipient);
    if (suppressed) continue;
    one.reply = load_reply(*one.responder, *one.choice.reply);
    text += "\n" + (is_view ? view_reply(composed(one)) : composed(one));
  }
  return text;
}

}  // namespace inforeply
