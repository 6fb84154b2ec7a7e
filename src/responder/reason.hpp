// Why a message is not answered.
#pragma once

#include <optional>
#include <string_view>

namespace inforeply {

/// In the order in which the rules are asked.
enum class Reason {
  kNoResponder,
  kInactive,
  kLate,
  kNullSender,
  kInvalidSender,
  kOwnAddress,
  kLoop,
  kAutoSubmitted,
  kReport,
  kExcluded,
  kSystemSender,
  kList,
  kPrecedence,
  kSuppressRequested,
  kAutoReply,
  kSpam,
  kUnauthenticated,
  kNotAddressed,
  kRecentlyAnswered,
  kRateLimited,
};

/// The code that the log, `-n` and `ignore` use: "no-responder", "list", …
std::string_view code_of(Reason reason);
std::optional<Reason> reason_of(std::string_view code);

/// Whether a responder may switch the rule off with `ignore`.
constexpr bool is_soft(Reason reason) {
  switch (reason) {
    case Reason::kSystemSender:
    case Reason::kList:
    case Reason::kPrecedence:
    case Reason::kSuppressRequested:
    case Reason::kAutoReply:
    case Reason::kSpam:
    case Reason::kUnauthenticated:
    case Reason::kNotAddressed:
      return true;
    default:
      return false;
  }
}

}  // namespace inforeply
