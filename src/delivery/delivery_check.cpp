#include "delivery/delivery_check.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "decision/authentication.hpp"
#include "delivery/delivery.hpp"
#include "delivery/delivery_confinement.hpp"
#include "delivery/sample.hpp"
#include "inforeply/address.hpp"
#include "inforeply/error.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/text.hpp"
#include "mail/mailbox.hpp"
#include "mailer/make_mailer.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {
namespace {

using Kind = Finding::Kind;

constexpr std::size_t kMaxLineOctets = 998;          // RFC 5322, 2.1.1
constexpr std::size_t kLargeOctets = 64UL * 1024UL;  // RFC 3834, 2

/// No domain below these is on the Internet (RFC 2606, 6761, 6762, 8375; usual private names).
constexpr std::array<std::string_view, 9> kPrivateDomains = {
    "localhost", "localdomain", "local",   "internal", "lan",
    "intranet",  "test",        "invalid", "home.arpa"};

/// How DMARC sees a domain beside that of From (RFC 7489, 3.1).
enum class Alignment : std::uint8_t { kNone, kPerhaps, kRelaxed, kStrict };

bool is_below(std::string_view domain, std::string_view parent) {
  return domain.size() > parent.size() && domain.ends_with(parent) &&
         domain[domain.size() - parent.size() - 1] == '.';
}

/// Its last two labels, or the one that it has.
std::string_view registered_part(std::string_view domain) {
  const auto dot = domain.rfind('.');
  const auto next = dot == 0 || dot == std::string_view::npos ? dot : domain.rfind('.', dot - 1);
  return next == std::string_view::npos ? domain : domain.substr(next + 1);
}

/// Which domains are an organisation's only a list of public suffixes knows: siblings are a
/// perhaps.
Alignment alignment(std::string_view domain, std::string_view from) {
  if (domain == from) return Alignment::kStrict;
  if (domain.find('.') == std::string_view::npos) return Alignment::kNone;
  if (is_below(domain, from) || is_below(from, domain)) return Alignment::kRelaxed;
  return registered_part(domain) == registered_part(from) ? Alignment::kPerhaps : Alignment::kNone;
}

std::optional<Address> address_in(const Header& header, std::string_view field) {
  const auto* body = header.find(field);
  std::optional<Address> address;
  if (body != nullptr) {
    find_mailbox(*body, [&](const Mailbox& mailbox) {
      address = parse_address(mailbox.addr_spec);
      return address.has_value();
    });
  }
  return address;
}

/// The author of a reply that was composed here: it always has one.
Address author(const Header& header) {
  auto from = address_in(header, "From");
  if (!from) throw Error(Fault::kInternal, "the reply has no From");
  return *std::move(from);
}

/// What has to sign the mail that this mailer submits.
std::string signing(const OutgoingReply& reply, const std::string& domain) {
  const bool is_command = reply.mailer.starts_with('/');
  return std::string("Postfix shows what ") +
         (is_command ? "its sendmail command takes to the filters of non_smtpd_milters"
                     : "comes by SMTP to the filters of smtpd_milters") +
         " alone. One must sign as d=" + domain;
}

struct Signature {
  std::string domain;
  std::string selector;
  std::vector<std::string> fields;  ///< that are signed
};

std::string without_blanks(std::string_view text) {
  std::string result(text);
  std::erase_if(result, [](char c) { return trim(std::string_view(&c, 1)).empty(); });
  return result;
}

Signature parse_signature(std::string_view body) {
  Signature signature;
  for (const auto tag : split(body, ';')) {
    const auto equals = std::min(tag.find('='), tag.size());
    const auto name = trim(tag.substr(0, equals));
    const auto value = to_lower_ascii(without_blanks(tag.substr(std::min(equals + 1, tag.size()))));
    if (name == "d") signature.domain = value;
    if (name == "s") signature.selector = value;
    if (name != "h") continue;
    for (const auto field : split(value, ':'))
      signature.fields.emplace_back(field);
  }
  return signature;
}

/// Whether DNS may have it, and a shell takes it as it is.
bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

class OutgoingCheck {
 public:
  explicit OutgoingCheck(const OutgoingReply& reply)
      : reply_(reply), from_(author(parse_message(reply.message).header)) {}

  std::vector<Finding> check() {
    check_from();
    check_envelope_sender();
    check_form();
    add(Kind::kNote, "whether it is signed shows only when it arrives (--to). " +
                         signing(reply_, from_.ascii_domain));
    return std::move(findings_);
  }

 private:
  void add(Kind kind, std::string text) { findings_.push_back({kind, std::move(text)}); }

  void check_from() {
    const auto& domain = from_.ascii_domain;
    const bool is_private =
        domain.find('.') == std::string::npos || domain.starts_with('[') ||
        std::any_of(kPrivateDomains.begin(), kPrivateDomains.end(),
                    [&](std::string_view parent) { return is_below(domain, parent); });
    const auto is_from = "From is " + from_.to_string();
    if (is_private) {
      return add(Kind::kFault, is_from +
                                   ": nobody elsewhere can find this domain, and many refuse "
                                   "such mail: set 'from' in the responder");
    }
    add(Kind::kOk, is_from + ". Its policy is that of DMARC: dig +short TXT _dmarc." + domain);
    const auto own = parse_address(reply_.responder_address);
    if (own && alignment(own->ascii_domain, domain) == Alignment::kNone) {
      add(Kind::kNote, "mail comes to " + own->ascii_domain + ", the reply is from " + domain +
                           ": your mail server must have a key for that domain");
    }
  }

  void check_envelope_sender() {
    if (reply_.envelope_sender.empty()) {
      return add(Kind::kOk,
                 "the envelope sender is <>: no report of a failure comes back, so nothing can "
                 "loop. SPF is asked for the name that your server says in HELO: dig +short TXT "
                 "$(postconf -hx smtp_helo_name)");
    }
    const auto sender = parse_address(reply_.envelope_sender);
    const auto domain = sender ? sender->ascii_domain : std::string();
    const bool is_aligned = alignment(domain, from_.ascii_domain) != Alignment::kNone;
    add(Kind::kNote, "the envelope sender is " + reply_.envelope_sender +
                         ": every report of a failure comes there. SPF is asked for its domain" +
                         (is_aligned ? ""
                                     : ", which is not that of From: to DMARC it counts for "
                                       "nothing") +
                         ": dig +short TXT " + domain);
    const auto own = parse_address(reply_.responder_address);
    const bool is_own = sender && ((own && sender->normalized() == own->normalized()) ||
                                   sender->normalized() == from_.normalized());
    if (is_own) {
      add(Kind::kNote,
          "that is the responder's own address: it answers no report, but somebody "
          "must read the mailbox");
    }
  }

  void check_form() {
    std::string_view rest = reply_.message;
    std::size_t longest = 0;
    while (!rest.empty())
      longest = std::max(longest, take_line(rest).size());
    if (longest > kMaxLineOctets) {
      add(Kind::kFault, "a line has " + std::to_string(longest) + " octets, servers cut it at 998");
    }
    if (!is_ascii(reply_.message)) {
      add(Kind::kNote,
          "it is not ASCII alone: servers without SMTPUTF8 or 8BITMIME refuse it, or "
          "change it so that no signature holds");
    }
    const auto octets = reply_.message.size();
    if (octets > kLargeOctets) {
      add(Kind::kNote, "it has " + std::to_string(octets) +
                           " octets: strangers should get no large replies (RFC 3834, 2)");
    }
    if (longest <= kMaxLineOctets && is_ascii(reply_.message)) {
      add(Kind::kOk, std::to_string(octets) + " octets of ASCII, no line over " +
                         std::to_string(longest) + ": nothing on the way need change it");
    }
  }

  const OutgoingReply& reply_;
  Address from_;
  std::vector<Finding> findings_;
};

class ArrivedCheck {
 public:
  ArrivedCheck(const Message& arrived, const OutgoingReply& reply)
      : arrived_(arrived), reply_(reply), sent_(parse_message(reply.message).header) {}

  std::vector<Finding> check() {
    const auto id = arrived_.message_id();
    const bool is_ours = id.starts_with(kMessageIdMark);
    if (!is_ours && arrived_.header.find("Auto-Submitted") == nullptr) {
      add(Kind::kFault, "this is no reply of inforeply, or not its whole source");
      return std::move(findings_);
    }
    check_from();
    check_signatures();
    check_results();
    check_lost_fields();
    if (!is_ours) {
      add(Kind::kNote, "Message-ID is another one now, " + id +
                           ": somebody's answer to it is no longer known as one");
    }
    const auto& path = arrived_.return_path;
    if (path && *path != reply_.envelope_sender) {
      add(Kind::kNote, "it left with the envelope sender <" + reply_.envelope_sender +
                           "> and arrived with <" + *path + ">: a server on the way changed it");
    }
    return std::move(findings_);
  }

 private:
  void add(Kind kind, std::string text) { findings_.push_back({kind, std::move(text)}); }

  void check_from() {
    const auto from = address_in(arrived_.header, "From");
    const auto sent = author(sent_);
    if (!from) return add(Kind::kFault, "it has no From field");
    from_domain_ = from->ascii_domain;
    if (from->normalized() == sent.normalized())
      return add(Kind::kOk, "From is " + from->to_string());
    add(Kind::kFault, "From is " + from->to_string() + ", and the reply says " + sent.to_string() +
                          ": another responder's, or a relay has changed it");
  }

  void check_signatures() {
    std::vector<std::string> foreign;
    std::optional<Signature> best;
    Alignment best_alignment = Alignment::kNone;
    for (const auto& field : arrived_.header.fields) {
      if (!equals_ignoring_case(field.name, "DKIM-Signature")) continue;
      auto signature = parse_signature(field.body);
      // A command that is shown has them.
      if (!is_name(signature.domain) || !is_name(signature.selector)) continue;
      const auto is = alignment(signature.domain, from_domain_);
      if (is == Alignment::kNone) foreign.push_back("d=" + signature.domain);
      if (is <= best_alignment) continue;
      best_alignment = is;
      best = std::move(signature);
    }
    if (!best) return report_no_signature(foreign);
    report_signature(*best, best_alignment);
  }

  void report_no_signature(const std::vector<std::string>& foreign) {
    if (from_domain_.empty()) return;
    add(Kind::kFault, (foreign.empty() ? "nobody has signed it (DKIM)"
                                       : "it is signed as " + joined(foreign) +
                                             ", which DMARC does not count for From's domain") +
                          ". " + signing(reply_, author(sent_).ascii_domain));
  }

  void report_signature(const Signature& signature, Alignment is) {
    const auto text = "signed as d=" + signature.domain + " (s=" + signature.selector + ")";
    if (is == Alignment::kStrict) add(Kind::kOk, text + ", From's domain");
    if (is == Alignment::kRelaxed) {
      add(Kind::kOk, text + ", aligned with From's domain " + from_domain_ +
                         " unless its policy says adkim=s");
    }
    if (is == Alignment::kPerhaps) {
      add(Kind::kNote, text + ", aligned with From's domain " + from_domain_ + " only if " +
                           std::string(registered_part(from_domain_)) + " is one organisation's");
    }
    std::vector<std::string> open;
    for (const char* name : {"From", "To", "Subject", "Date"}) {
      const auto& fields = signature.fields;
      if (std::find(fields.begin(), fields.end(), to_lower_ascii(name)) == fields.end())
        open.emplace_back(name);
    }
    if (!open.empty()) {
      add(open.front() == "From" ? Kind::kFault : Kind::kNote,
          "that signature leaves out " + joined(open) + " (RFC 6376, 5.4.1)");
    }
    key_ = signature.selector + "._domainkey." + signature.domain;
  }

  /// What the receiver's own system found: the fields at the top of one authserv-id.
  [[nodiscard]] std::vector<MethodResult> results() {
    std::vector<MethodResult> all;
    std::optional<std::string> receiver;
    for (const auto& field : arrived_.header.fields) {
      if (!equals_ignoring_case(field.name, "Authentication-Results")) continue;
      auto found = parse_authentication_results(field.body);
      if (!receiver) receiver = found.authserv_id;
      if (found.authserv_id != *receiver) break;
      all.insert(all.end(), found.results.begin(), found.results.end());
    }
    if (receiver) receiver_ = receiver->empty() ? "the receiver" : *receiver;
    return all;
  }

  void check_results() {
    const auto all = results();
    if (receiver_.empty()) {
      return add(Kind::kNote,
                 "the receiver has written no Authentication-Results: send one to a "
                 "mailbox of a large provider as well, most do");
    }
    const auto look_up = key_.empty() ? "" : ": dig +short TXT " + key_;
    report_result(all, "dkim", Kind::kFault,
                  "no key was found, or the reply was changed behind the signature" + look_up);
    report_result(all, "spf", Kind::kNote,
                  reply_.envelope_sender.empty()
                      ? "the name in HELO needs a record such as \"v=spf1 a -all\" (RFC 7208, 2.4)"
                      : "the envelope sender's domain must name your server");
    report_result(all, "dmarc", Kind::kFault,
                  "neither a valid signature nor SPF is of From's domain " + from_domain_);
  }

  /// A relay's own signature vouches for the relay alone.
  [[nodiscard]] bool is_foreign(const MethodResult& found) const {
    return !found.dkim_domain.empty() && found.dkim_domain != "none" &&
           alignment(found.dkim_domain, from_domain_) == Alignment::kNone;
  }

  void report_result(const std::vector<MethodResult>& all, std::string_view method, Kind if_failed,
                     const std::string& advice) {
    const std::string* result = nullptr;  // the best
    for (const auto& found : all) {
      if (found.method != method || is_foreign(found)) continue;
      if (result == nullptr || found.result == "pass") result = &found.result;
    }
    if (result == nullptr) return;
    const auto text = receiver_ + " says " + std::string(method) + "=" + *result;
    if (result->ends_with("pass")) return add(Kind::kOk, text);  // Microsoft's bestguesspass, too
    if (method == "dmarc" && *result == "none") {
      return add(Kind::kNote, text + ": " + from_domain_ +
                                  " publishes no policy, which large receivers ask for");
    }
    const bool is_failed = *result != "none" && !result->starts_with("temp");
    add(is_failed ? if_failed : Kind::kNote, text + ": " + advice);
  }

  void check_lost_fields() {
    constexpr std::array<std::string_view, 8> kNeeded = {
        "From",           "To",           "Subject",     "Date", "Message-ID",
        "Auto-Submitted", "MIME-Version", "Content-Type"};
    std::vector<std::string> needed;
    std::vector<std::string> useful;
    for (const auto& field : sent_.fields) {
      if (arrived_.header.find(field.name) != nullptr) continue;
      (is_one_of(field.name, kNeeded) ? needed : useful).push_back(field.name);
    }
    if (!needed.empty()) add(Kind::kFault, "lost on the way: " + joined(needed));
    if (!useful.empty()) add(Kind::kNote, "lost on the way: " + joined(useful));
    if (needed.empty() && useful.empty()) add(Kind::kOk, "no field was lost on the way");
  }

  const Message& arrived_;
  const OutgoingReply& reply_;
  Header sent_;
  std::string from_domain_{};
  std::string key_{};       // where the key of the best signature is, in DNS
  std::string receiver_{};  // its authserv-id
  std::vector<Finding> findings_{};
};

/// Finds responders that are off as if they were on: a reply is checked before it is switched on.
class AsIfEnabled : public ResponderSource {
 public:
  explicit AsIfEnabled(const ResponderSource& source) : source_(source) {}

  [[nodiscard]] std::optional<FoundResponder> find(const Address& address) const override {
    auto found = source_.find(address);
    if (found && !found->responder->is_enabled) {
      auto enabled = std::make_shared<Responder>(*found->responder);
      enabled->is_enabled = true;
      found->responder = std::move(enabled);
      found_disabled_ = true;
    }
    return found;
  }
  [[nodiscard]] std::vector<CandidateFile> candidates(const Address& address) const override {
    return source_.candidates(address);
  }
  [[nodiscard]] bool found_disabled() const { return found_disabled_; }

 private:
  const ResponderSource& source_;
  mutable bool found_disabled_ = false;
};

/// Sends it, and says how to go on.
Finding submit(const ResponderCommand& command, const OutgoingReply& reply) {
  const auto submission =
      make_mailer(command.settings.mailer)
          ->submit(reply.envelope_sender, parse_address(command.check_to)->to_wire(), reply.message,
                   std::chrono::steady_clock::now() + kStepTimeLimit);
  if (submission.result == Submission::Result::kAccepted) {
    return {Kind::kOk, "handed to " + reply.mailer + ". Save what arrives at " + command.check_to +
                           " with its whole source, then: inforeply --check-delivery " +
                           command.check_delivery + " < FILE"};
  }
  return {Kind::kFault, reply.mailer + " does not take it: " + submission.detail};
}

}  // namespace

std::vector<Finding> check_outgoing(const OutgoingReply& reply) {
  return OutgoingCheck(reply).check();
}

std::vector<Finding> check_arrived(const Message& arrived, const OutgoingReply& reply) {
  return ArrivedCheck(arrived, reply).check();
}

std::vector<Finding> check_delivery(const ResponderCommand& command, int file_descriptor) {
  const auto& settings = command.settings;
  const auto log = make_log(settings.log, settings.log_format);
  const auto responders = open_responders(settings, IndexAccess::kRead);
  const bool is_sent = !command.check_to.empty();
  if (!is_sent) confine_delivery(command, *responders, *log);
  Message arrived;
  if (!is_sent && ::isatty(file_descriptor) != 1) arrived = read_message(file_descriptor);
  Message sample;
  Envelope envelope = command.envelope;
  const AsIfEnabled enabled(*responders);
  const FixedClock clock(take_sample(sample, envelope, command.now, enabled));
  const auto answer = Delivery({clock, enabled, *log, {}, {}, {}, settings, {}}, sample, envelope)
                          .composed_answer();
  if (answer.suppressed) {
    return {{Kind::kFault, "a sample message from " + *envelope.sender +
                               " is not answered: " + std::string(code_of(*answer.suppressed)) +
                               " (on a terminal inforeply -n --explain -f " + *envelope.sender +
                               " -- " + command.check_delivery + " tells why)"}};
  }
  const OutgoingReply reply{answer.reply, answer.envelope_sender, answer.responder,
                            settings.mailer.spec};
  if (!arrived.is_empty()) return check_arrived(arrived, reply);
  auto findings = check_outgoing(reply);
  if (enabled.found_disabled())
    findings.push_back({Kind::kNote, "the responder is off: 'enabled = no'"});
  if (is_sent) findings.push_back(submit(command, reply));
  return findings;
}

}  // namespace inforeply
