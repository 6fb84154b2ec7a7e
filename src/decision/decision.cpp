#include "decision/decision.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "decision/authentication.hpp"
#include "decision/marks.hpp"
#include "inforeply/text.hpp"
#include "mail/date.hpp"
#include "mail/encoded_word.hpp"
#include "mail/mailbox.hpp"
#include "mail/mime.hpp"
#include "mail/quoted_string.hpp"
#include "responder/address_pattern.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxReceivedFields = 50;  // Postfix's hopcount_limit
constexpr std::size_t kMaxEvidenceCharacters = 100;

struct Hit {
  std::string evidence;
  std::string_view source;  ///< empty: the source of the rule
};

/// What the rules look at.
struct RuleInput : DecisionInput {
  std::vector<MimePart> parts;
  std::vector<Message> enclosed;
};
using Check = std::optional<Hit> (*)(const RuleInput&);

std::string evidence_of_sender(const Sender& sender) {
  return "envelope sender <" + ellipsize(to_single_line(sender.given), kMaxEvidenceCharacters) +
         ">";
}

/// The whole field, or of a long one its name and `piece`, the part that decided.
std::string evidence_of(const HeaderField& field, std::string_view piece) {
  const auto shown = [&](std::string_view body) {
    return to_single_line(field.name + ": " + decode_field_start(body));
  };
  std::string whole = shown(field.body);
  if (ellipsize(whole, kMaxEvidenceCharacters) == whole) return whole;
  return ellipsize(shown(piece), kMaxEvidenceCharacters);
}

/// Whether the part encloses a message or the header of one.
bool is_enclosing(const Header& header) {
  constexpr std::array<std::string_view, 4> kTypes = {
      "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"};
  return std::any_of(header.fields.begin(), header.fields.end(), [&](const HeaderField& field) {
    return equals_ignoring_case(field.name, "Content-Type") &&
           is_one_of(leading_token(field.body), kTypes);
  });
}

std::vector<Message> enclosed_messages(const Message& message, const std::vector<MimePart>& parts) {
  std::vector<Message> messages;
  if (is_enclosing(message.header)) messages.push_back(parse_message(message.body));
  for (const auto& part : parts) {
    if (is_enclosing(part.header)) messages.push_back(parse_message(part.content));
  }
  return messages;
}

std::optional<Hit> find_mark_in(const RuleInput& input, const HeaderMark& mark) {
  const auto find_in = [&](const Header& header, const char* where) -> std::optional<Hit> {
    for (const auto& field : header.fields) {
      if (const auto piece = find_match(mark, field)) {
        return Hit{where + evidence_of(field, *piece), mark.source};
      }
    }
    return std::nullopt;
  };
  if (mark.scope == Scope::kEnclosed) {
    for (const auto& message : input.enclosed) {
      if (auto hit = find_in(message.header, "encloses ")) return hit;
    }
    return std::nullopt;
  }
  if (auto hit = find_in(input.message.header, "")) return hit;
  if (mark.scope == Scope::kMessage) return std::nullopt;
  for (const auto& part : input.parts) {
    if (auto hit = find_in(part.header, "part with ")) return hit;
  }
  return std::nullopt;
}

template <Reason reason>
std::optional<Hit> check_header(const RuleInput& input) {
  for (const auto& mark : header_marks()) {
    if (mark.reason != reason) continue;
    if (auto hit = find_mark_in(input, mark)) return hit;
  }
  return std::nullopt;
}

std::string joined(std::span<const Address> addresses) {
  std::vector<std::string> names;
  for (const auto& address : addresses) {
    auto name = to_single_line(address.to_string());
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return ellipsize(text, 2 * kMaxEvidenceCharacters);
}

std::optional<Hit> check_no_responder(const RuleInput& input) {
  if (input.responder != nullptr) return std::nullopt;
  return Hit{joined(input.own), {}};
}

std::optional<Hit> check_inactive(const RuleInput& input) {
  if (!input.responder->is_enabled) return Hit{"enabled = no", {}};
  const Schedule& schedule = input.responder->schedule;
  if (schedule.from && input.now < *schedule.from) {
    return Hit{"active-from = " + format_local(*schedule.from, schedule.zone), {}};
  }
  if (schedule.until && input.now >= *schedule.until) {
    return Hit{"active-until = " + describe_end(*schedule.until, schedule.zone), {}};
  }
  if (schedule.period_at(input.now)) return std::nullopt;
  std::string text = schedule.weekly.empty() ? "" : "active-on";
  if (schedule.calendar.has_files()) text += text.empty() ? "calendar" : " and calendar";
  return Hit{"outside of " + text, {}};
}

std::optional<Hit> check_late(const RuleInput& input) {
  if (!is_late(input.message, input.now, input.give_up_after)) return std::nullopt;
  return Hit{"received " + format_utc(*received_at(input.message.header)), {}};
}

std::optional<Hit> check_null_sender(const RuleInput& input) {
  if (!input.sender.given.empty()) return std::nullopt;
  return Hit{"envelope sender <>", {}};
}

std::optional<Hit> check_invalid_sender(const RuleInput& input) {
  if (!input.sender.address) {
    return Hit{evidence_of_sender(input.sender), "RFC 5321, 4.1.2; RFC 6531, 3.3"};
  }
  const auto& fields = input.message.header.fields;
  const bool has_from = std::any_of(fields.begin(), fields.end(), [](const HeaderField& field) {
    return equals_ignoring_case(field.name, "From") && !field.body.empty();
  });
  if (input.responder->kind == ResponderKind::kService && !has_from) {
    return Hit{"no From field", "RFC 3834, 2; RFC 5322, 3.6"};
  }
  return std::nullopt;
}

/// Takes off what some programs add to an address: apostrophes, as in `'user@example.org'`, or the
/// dot of a fully qualified name.
std::string_view without_decoration(std::string_view addr_spec) {
  const bool quoted =
      addr_spec.size() > 1 && addr_spec.starts_with('\'') && addr_spec.ends_with('\'');
  if (quoted) addr_spec = addr_spec.substr(1, addr_spec.size() - 2);
  if (addr_spec.ends_with('.')) addr_spec.remove_suffix(1);
  return addr_spec;
}

/// Whether the address, as it is or without its extension, is one of the recipient's own.
bool is_own(const Address& address, std::span<const Address> own, std::string_view delimiters) {
  const std::array spellings = {address.normalized(),
                                without_extension(address, delimiters).normalized()};
  return std::any_of(own.begin(), own.end(), [&](const Address& mine) {
    return std::find(spellings.begin(), spellings.end(), mine.normalized()) != spellings.end();
  });
}

std::optional<Hit> check_own_address(const RuleInput& input) {
  const bool own = is_own(input.sender.person, input.own, input.delimiters);
  if (!own) return std::nullopt;
  return Hit{evidence_of_sender(input.sender), {}};
}

/// The id of one of our replies in a References field, empty if there is none. It has the domain of
/// the address that was written to: one of another domain is another site's, and may stand in a
/// thread of people for years.
std::string find_own_reference(std::string_view body, std::span<const Address> own) {
  return find_message_id(body, kMessageIdMark, [&](std::string_view domain) {
    return std::any_of(own.begin(), own.end(), [&](const Address& address) {
      return equals_ignoring_case(address.ascii_domain, domain);
    });
  });
}

/// Whether the message answers or encloses one of our replies. It may be a bounce of a kind that we
/// do not know.
std::optional<Hit> check_answers_own_reply(const RuleInput& input) {
  for (const auto& field : input.message.header.fields) {
    std::string own;
    if (equals_ignoring_case(field.name, "In-Reply-To"))
      own = find_message_id(field.body, kMessageIdMark);
    if (equals_ignoring_case(field.name, "References"))
      own = find_own_reference(field.body, input.own);
    if (!own.empty()) return Hit{evidence_of(field, own), "our own mark"};
  }
  for (const auto& message : input.enclosed) {
    const std::string id = message.message_id();
    if (!find_message_id(id, kMessageIdMark).empty()) return Hit{"encloses " + id, "our own mark"};
  }
  return std::nullopt;
}

std::optional<Hit> check_loop(const RuleInput& input) {
  const auto& fields = input.message.header.fields;
  const auto hops = std::count_if(fields.begin(), fields.end(), [](const HeaderField& field) {
    return equals_ignoring_case(field.name, "Received");
  });
  if (static_cast<std::size_t>(hops) > kMaxReceivedFields) {
    return Hit{std::to_string(hops) + " Received fields", "RFC 5321, 6.3"};
  }
  if (auto hit = check_header<Reason::kLoop>(input)) return hit;
  // A person may well have a new question about a service's answer.
  if (input.responder->kind == ResponderKind::kService) return std::nullopt;
  return check_answers_own_reply(input);
}

const SenderMark* find_mark(const Address& person) {
  return find_sender_mark(person.local_part, person.ascii_domain);
}

/// The source that says the mailbox is no person's; empty if it may be a person's.
std::string_view source_of_mark(const Mailbox& mailbox) {
  if (mailbox.addr_spec.empty()) return "RFC 5321, 4.5.5";
  if (is_one_of(collapse_blanks(mailbox.display_name), system_display_names()))
    return "mail systems' names";
  // An invalid address may be a mail system's bare name, alone (`MAILER-DAEMON`) or before a broken
  // domain.
  const auto address = parse_address(mailbox.addr_spec);
  const auto name = mailbox.addr_spec.substr(0, mailbox.addr_spec.find_first_of("\\@"));
  const auto* mark =
      address ? find_mark(person_behind(*address)) : find_sender_mark(unquoted(name), {});
  return mark == nullptr ? std::string_view() : mark->source;
}

std::optional<Hit> check_system_sender(const RuleInput& input) {
  if (const auto* mark = find_mark(input.sender.person)) {
    return Hit{evidence_of_sender(input.sender), mark->source};
  }
  for (const auto& field : input.message.header.fields) {
    if (!equals_ignoring_case(field.name, "From") && !equals_ignoring_case(field.name, "Sender")) {
      continue;
    }
    std::string_view source;
    std::string mailbox;
    const auto is_marked = [&](const Mailbox& candidate) {
      source = source_of_mark(candidate);
      mailbox = candidate.display_name + " <" + candidate.addr_spec + ">";
      return !source.empty();
    };
    if (find_mailbox(field.body, is_marked)) return Hit{evidence_of(field, mailbox), source};
  }
  return std::nullopt;
}

std::optional<Hit> check_excluded(const RuleInput& input) {
  const Responder& responder = *input.responder;
  const Sender& sender = input.sender;
  if (!responder.never_reply_to.empty()) {
    // An entry excludes the person's own address and also the one that the reply goes to.
    const auto entry =
        responder.never_reply_to.find(patterns_that_cover_any({*sender.address, sender.person}));
    if (entry) return Hit{evidence_of_sender(input.sender) + " in never-reply-to = " + *entry, {}};
  }
  if (responder.only_reply_to.empty()) return std::nullopt;
  if (responder.only_reply_to.find(patterns_that_cover_any({sender.believed()})))
    return std::nullopt;
  return Hit{evidence_of_sender(input.sender) + " not in only-reply-to", {}};
}

std::optional<Hit> check_unauthenticated(const RuleInput& input) {
  const auto found = find_dmarc_result(input.message.header, input.trusted_authserv);
  if (!found || found->result != "fail") return std::nullopt;
  return Hit{evidence_of(*found->field, "… dmarc=" + found->result), {}};
}

std::optional<Hit> check_not_addressed(const RuleInput& input) {
  if (input.responder->kind == ResponderKind::kService) return std::nullopt;
  if (addressed_as(input.message, input.own, input.delimiters)) return std::nullopt;
  return Hit{"To, Cc, Bcc and their Resent- forms have none of " + joined(input.own), {}};
}

enum class Strength : std::uint8_t { kHard, kSoft };

struct Rule {
  Reason reason;
  Strength strength;
  Check check;  ///< null: only the cache can tell
  std::string_view hits_when;
  std::string_view source;
};

constexpr auto kHard = Strength::kHard;
constexpr auto kSoft = Strength::kSoft;

/// In the order in which they are asked. A check may rely on all earlier ones having passed.
constexpr std::array kRules = {
    Rule{Reason::kNoResponder, kHard, check_no_responder, "there are no settings for this address",
         "responder files"},
    Rule{Reason::kInactive, kHard, check_inactive, "the responder's time has not come or is over",
         "responder file"},
    Rule{Reason::kLate, kHard, check_late, "it came longer ago than give-up-after",
         "RFC 5321, 4.4"},
    Rule{Reason::kNullSender, kHard, check_null_sender, "it is a bounce: nobody is to be answered",
         "RFC 3834, 2"},
    Rule{Reason::kInvalidSender, kHard, check_invalid_sender, "there is no valid sender's address",
         "RFC 3834, 2"},
    Rule{Reason::kOwnAddress, kHard, check_own_address, "the recipient itself sent it",
         "RFC 5230, 4.6"},
    Rule{Reason::kLoop, kHard, check_loop, "it is or answers our own reply, or goes in circles",
         "RFC 3834, 1.2"},
    Rule{Reason::kAutoSubmitted, kHard, check_header<Reason::kAutoSubmitted>,
         "it says that a program sent it", "RFC 3834, 2"},
    Rule{Reason::kReport, kHard, check_header<Reason::kReport>,
         "it is a delivery report or a receipt", "RFC 6522"},
    Rule{Reason::kExcluded, kHard, check_excluded, "the responder's lists leave the sender out",
         "responder file"},
    Rule{Reason::kSystemSender, kSoft, check_system_sender, "a mail system or a robot sent it",
         "RFC 3834, 2; RFC 2142"},
    Rule{Reason::kList, kSoft, check_header<Reason::kList>,
         "it came through a mailing list or a mass mailing", "RFC 3834, 2"},
    Rule{Reason::kPrecedence, kSoft, check_header<Reason::kPrecedence>,
         "it says that it is bulk or automatic mail", "RFC 3834, 2"},
    Rule{Reason::kSuppressRequested, kSoft, check_header<Reason::kSuppressRequested>,
         "it asks not to be answered automatically", "MS-OXCMAIL"},
    Rule{Reason::kAutoReply, kSoft, check_header<Reason::kAutoReply>,
         "it is an automatic reply, a notice or answers an invitation", "vendors' marks"},
    Rule{Reason::kSpam, kSoft, check_header<Reason::kSpam>,
         "a filter calls it spam or infected, or it brings a program", "RFC 3834, 7"},
    Rule{Reason::kUnauthenticated, kSoft, check_unauthenticated, "its author failed authentication",
         "RFC 8601; RFC 7489"},
    Rule{Reason::kNotAddressed, kSoft, check_not_addressed, "it is not addressed to the recipient",
         "RFC 3834, 2"},
    Rule{Reason::kRecentlyAnswered, kHard, nullptr, "the sender was answered recently",
         "RFC 3834, 2"},
    Rule{Reason::kRateLimited, kHard, nullptr, "enough replies were sent in this time",
         "RFC 3834, 6"},
};
static_assert(std::all_of(kRules.begin(), kRules.end(), [](const Rule& rule) {
  return is_soft(rule.reason) == (rule.strength == kSoft);
}));

Outcome outcome_of(const Rule& rule, const DecisionInput& input, const std::optional<Hit>& hit) {
  if (rule.check == nullptr) return Outcome::kLeftToCache;
  if (!hit) return Outcome::kPassed;
  if (rule.strength == Strength::kHard) return Outcome::kHit;
  const auto& ignored = input.responder->ignored;
  const bool is_ignored = std::find(ignored.begin(), ignored.end(), rule.reason) != ignored.end();
  return is_ignored ? Outcome::kIgnored : Outcome::kHit;
}

}  // namespace

bool is_late(const Message& message, Time now, std::optional<Seconds> give_up_after) {
  const auto received = give_up_after ? received_at(message.header) : std::nullopt;
  return received && *received < now - *give_up_after;
}

Decision decide(const DecisionInput& input) {
  auto parts = find_mime_parts(input.message.header, input.message.body);
  auto enclosed = enclosed_messages(input.message, parts);
  const RuleInput rule_input{input, std::move(parts), std::move(enclosed)};
  Decision decision;
  for (const auto& rule : kRules) {
    RuleResult result{rule.reason, rule.strength == kHard, Outcome::kNotAsked, rule.hits_when, {},
                      rule.source};
    if (!decision.suppressed) {
      auto hit = rule.check == nullptr ? std::nullopt : rule.check(rule_input);
      result.outcome = outcome_of(rule, input, hit);
      if (hit) {
        result.evidence = std::move(hit->evidence);
        if (!hit->source.empty()) result.source = hit->source;
      }
      if (result.outcome == Outcome::kHit) decision.suppressed = rule.reason;
    }
    decision.results.push_back(std::move(result));
  }
  return decision;
}

std::optional<Address> addressed_as(const Message& message, std::span<const Address> own,
                                    std::string_view delimiters) {
  constexpr std::array<std::string_view, 6> kFields = {"To",        "Cc",        "Bcc",
                                                       "Resent-To", "Resent-Cc", "Resent-Bcc"};
  for (const auto& field : message.header.fields) {
    if (!is_one_of(field.name, kFields)) continue;
    std::optional<Address> found;
    const auto is_wanted = [&](const Mailbox& mailbox) {
      found = parse_address(without_decoration(mailbox.addr_spec));
      return found && is_own(*found, own, delimiters);
    };
    if (find_mailbox(field.body, is_wanted)) return found;
  }
  return std::nullopt;
}

}  // namespace inforeply
