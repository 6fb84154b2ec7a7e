// Whether an answer is due: an ordered table of rules. The first that hits decides (RFC 3834, 2).
//
// The rules are a table in decision.cpp. The header fields and addresses that they look for are
// tables in marks.cpp. explanation.cpp prints what each rule found.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/sender.hpp"
#include "mail/message.hpp"
#include "responder/reason.hpp"
#include "responder/responder.hpp"

namespace inforeply {

/// All that a decision depends on.
struct DecisionInput {
  const Message& message;
  const Sender& sender;
  const Responder* responder;    ///< null if there is none
  std::span<const Address> own;  ///< every address of the recipient
  std::string_view delimiters;   ///< characters that begin a recipient's extension
  Time now;
  std::span<const std::string> trusted_authserv;  ///< authserv-ids (RFC 8601, 2.5)
  std::optional<Seconds> give_up_after{};         ///< nullopt: never
};

enum class Outcome {
  kPassed,
  kHit,
  kIgnored,     ///< hits, but the responder switches the rule off
  kNotAsked,    ///< an earlier rule has decided
  kLeftToCache  ///< only the cache can tell
};

struct RuleResult {
  Reason reason;
  bool hard;  ///< cannot be switched off
  Outcome outcome;
  std::string_view hits_when;  ///< the rule in a few words
  std::string evidence;        ///< the field or value that decided it, one line of UTF-8
  std::string_view source;     ///< the document behind the rule, or behind the mark that hit
};

struct Decision {
  std::optional<Reason> suppressed;  ///< nullopt: an answer is due if the cache agrees
  std::vector<RuleResult> results;   ///< one for each rule, in order
};

Decision decide(const DecisionInput& input);

/// Whether our mail server got the message longer ago than `give_up_after`: an answer would only
/// bewilder, and a message that is deferred so long would bounce.
bool is_late(const Message& message, Time now, std::optional<Seconds> give_up_after);

/// The recipient's own address that stands in To, Cc, Bcc or one of their Resent- forms, as written
/// there. nullopt if none stands there (RFC 3834, 2).
std::optional<Address> addressed_as(const Message& message, std::span<const Address> own,
                                    std::string_view delimiters);

}  // namespace inforeply
