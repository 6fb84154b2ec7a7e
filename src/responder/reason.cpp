#include "responder/reason.hpp"

#include <array>

namespace inforeply {
namespace {

constexpr std::array<std::string_view, 20> kCodes = {"no-responder",
                                                     "inactive",
                                                     "late",
                                                     "null-sender",
                                                     "invalid-sender",
                                                     "own-address",
                                                     "loop",
                                                     "auto-submitted",
                                                     "report",
                                                     "excluded",
                                                     "system-sender",
                                                     "list",
                                                     "precedence",
                                                     "suppress-requested",
                                                     "auto-reply",
                                                     "spam",
                                                     "unauthenticated",
                                                     "not-addressed",
                                                     "recently-answered",
                                                     "rate-limited"};
static_assert(kCodes.size() == static_cast<std::size_t>(Reason::kRateLimited) + 1);

}  // namespace

std::string_view code_of(Reason reason) {
  return kCodes.at(static_cast<std::size_t>(reason));
}

std::optional<Reason> reason_of(std::string_view code) {
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    if (kCodes.at(i) == code) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace inforeply
