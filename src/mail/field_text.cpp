#include "mail/field_text.hpp"

#include <cstddef>

#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/mime_entity.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxFieldLine = 76;

}  // namespace

std::string text_field(std::string_view name, std::string_view text) {
  return field_line(name, encode_field_text(trim(to_single_line(text)), name.size() + 2));
}

std::string mailbox_field(std::string_view name, const Mailbox& mailbox) {
  if (mailbox.display_name.empty()) return field_line(name, mailbox.addr_spec);
  const std::string phrase = encode_phrase(mailbox.display_name, name.size() + 2);
  const auto last_line = phrase.size() - (phrase.rfind('\n') + 1);
  const auto used = phrase.find('\n') == std::string::npos ? name.size() + 2 : 0;
  const bool fits = used + last_line + mailbox.addr_spec.size() + 3 <= kMaxFieldLine;
  return field_line(name, phrase + (fits ? " <" : "\n <") + mailbox.addr_spec + ">");
}

}  // namespace inforeply
