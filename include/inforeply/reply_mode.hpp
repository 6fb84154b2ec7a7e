// Whether replies are sent.
#pragma once

#include <optional>
#include <string_view>

namespace inforeply {

/// In shadow a reply is decided, composed and remembered, but not sent.
enum class ReplyMode { kLive, kShadow };

/// nullopt if it is neither `live` nor `shadow`.
inline std::optional<ReplyMode> parse_reply_mode(std::string_view text) {
  if (text == "live") return ReplyMode::kLive;
  if (text == "shadow") return ReplyMode::kShadow;
  return std::nullopt;
}

}  // namespace inforeply
