// The mailboxes of From, To, Cc and other address fields (RFC 5322, 3.4, with its obsolete forms).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inforeply {

/// One entry of an address list in a header field.
struct Mailbox {
  std::string display_name;  ///< UTF-8, encoded-words decoded, empty if none
  std::string addr_spec;     ///< as written, without comments and routes; empty for `<>`. May be no
                             ///< address, such as a bare `MAILER-DAEMON`
};

/// Asks `is_wanted` about the mailboxes of From, To, Cc, …, in their order, until it returns true;
/// returns whether it did. Groups are opened, comments skipped, obsolete routes dropped, `user@host
/// (Name)` understood. Never fails; what makes no sense is left out. Linear time, constant memory.
/// `raw_charset` is the charset of raw 8-bit text in a display name, as for decode_field_text.
bool find_mailbox(std::string_view field_body, const std::function<bool(const Mailbox&)>& is_wanted,
                  std::string_view raw_charset = {});

/// Says in a few words what is wrong with the brackets, quotes and separators of text that should
/// be one mailbox (RFC 5322, 3.4); empty if nothing is. find_mailbox makes the best of such text,
/// which is right for what strangers write.
std::string find_mailbox_fault(std::string_view text);

/// Returns the mailbox if the text is exactly one, without such a fault and with a valid address,
/// which is written as by to_wire. Else nullopt.
std::optional<Mailbox> parse_one_mailbox(std::string_view text);

/// Returns all mailboxes: for a field that is known to be short.
std::vector<Mailbox> parse_mailboxes(std::string_view field_body);

}  // namespace inforeply
