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
                             ///< address: a bare `MAILER-DAEMON`
};

/// Whether `is_wanted` says so of one of the mailboxes of From, To, Cc, …, asked in their order
/// until it does. Groups are opened, comments skipped, obsolete routes dropped, `user@host (Name)`
/// understood. Never fails; what makes no sense is left out. Linear time, constant memory.
/// `raw_charset` is that of raw 8-bit text in a display name, as decode_field_text takes it.
bool find_mailbox(std::string_view field_body, const std::function<bool(const Mailbox&)>& is_wanted,
                  std::string_view raw_charset = {});

/// What is wrong with the brackets, quotes and separators of text that somebody meant to be one
/// mailbox (RFC 5322, 3.4), in a few words; empty where nothing is. find_mailbox would make the
/// best of it, which is right for what strangers write.
std::string find_mailbox_fault(std::string_view text);

/// Where the text is one mailbox without such a fault and with a valid address, that, the address
/// as to_wire writes it.
std::optional<Mailbox> parse_one_mailbox(std::string_view text);

/// All of them: for a field that is known to be short.
std::vector<Mailbox> parse_mailboxes(std::string_view field_body);

}  // namespace inforeply
