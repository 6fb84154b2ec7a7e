#include "responder/quote_setting.hpp"

#include "inforeply/text.hpp"

namespace inforeply {

std::optional<QuoteSetting> parse_quote(std::string_view value) {
  if (value == "none") return QuoteSetting{};
  if (value == "headers") return QuoteSetting{.headers = true};
  const auto lines = parse_number(value);
  if (!lines || *lines == 0 || *lines > kMaxQuoteLines) return std::nullopt;
  return QuoteSetting{.lines = static_cast<std::size_t>(*lines)};
}

}  // namespace inforeply
