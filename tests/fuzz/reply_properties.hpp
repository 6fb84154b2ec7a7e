// What must be true of any reply, whatever the message or the responder's files say.
#pragma once

#include <string>
#include <string_view>

#include "fuzz/fuzz.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/text.hpp"
#include "mail/mailbox.hpp"
#include "reply/reply_reader.hpp"

namespace inforeply::fuzz {

/// One header block of known fields, each once; lines of at most 998 octets of ASCII; a To field
/// that is the person alone.
inline void check_reply(std::string_view octets, const Sender& sender) {
  try {
    const auto reply = test::read_reply(octets);
    expect_equal(reply["Auto-Submitted"], "auto-replied", "Auto-Submitted");
    expect_equal(test::read_mailbox(reply["To"]).address, sender.person.to_wire(), "To");
    expect(parse_one_mailbox(reply["To"]).has_value(), "To is one mailbox", reply["To"]);
    expect(parse_one_mailbox(reply["From"]).has_value(), "From is one mailbox", reply["From"]);
    expect(reply["Message-ID"].starts_with("<inforeply."), "Message-ID", reply["Message-ID"]);
    expect(!reply.has("Bcc") && !reply.has("Cc"), "no other recipients");
    const auto subject = test::decode_text(reply["Subject"]);
    expect_equal(subject, to_single_line(subject), "Subject");
  } catch (const test::BadReply& fault) {
    expect(false, fault.what(), octets);
  }
}

}  // namespace inforeply::fuzz
