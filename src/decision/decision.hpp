// Whether an answer is due: an ordered table of rules, the first that hits decides (RFC 3834, 2).
//
// The rules are a table in decision.cpp; the header fields and addresses that they look for are
// tables in marks.cpp. explain prints what each of them found.
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

/// All that a decision rests on.
struct DecisionInput {
  const Message& message;
  const Sender& sender;
  const Responder* responder;    ///< null where there is none
  std::span<const Address> own;  ///< every address of the recipient
  std::string_view delimiters;   ///< of the recipient's extensions
  Time now;
  std::span<const std::string> trusted_authserv;  ///< authserv-ids (RFC 8601, 2.5)
};

enum class Outcome {
  kPassed,
  kHit,
  kIgnored,     ///< would have hit; the responder switches it off
  kNotAsked,    ///< an earlier rule has decided
  kLeftToCache  ///< only the cache can tell
};

struct RuleResult {
  Reason reason;
  bool hard;  ///< cannot be switched off
  Outcome outcome;
  std::string_view hits_when;  ///< the rule in a few words
  std::string evidence;        ///< the field or value that decided it, one line of UTF-8
  std::string_view source;     ///< the document that the rule, or what decided it, comes from
};

struct Decision {
  std::optional<Reason> suppressed;  ///< nothing: an answer is due, as far as the cache agrees
  std::vector<RuleResult> results;   ///< one a rule, in order
};

Decision decide(const DecisionInput& input);

/// Which of its own addresses the recipient is addressed by in To, Cc, Bcc or their Resent- forms,
/// as written there; nothing where it is in none of them (RFC 3834, 2).
std::optional<Address> addressed_as(const Message& message, std::span<const Address> own,
                                    std::string_view delimiters);

/// A decision for people: a line a rule, what decided it, and what that means. `responder_file` is
/// where a soft rule could be switched off.
std::string explain(const Decision& decision, std::string_view responder_file);

}  // namespace inforeply
