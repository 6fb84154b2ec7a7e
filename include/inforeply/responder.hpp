// A responder: the settings and the reply's text for one address.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/address_list.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/header.hpp"
#include "inforeply/placeholder.hpp"
#include "inforeply/rate_limit.hpp"
#include "inforeply/reason.hpp"

namespace inforeply {

/// RFC 3834, 1.1.
enum class ResponderKind { kPersonal, kGroup, kService };

inline constexpr std::size_t kMaxReplyOctets = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxLargeReplyOctets = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxHandleOctets = 128;

/// A field of a template file; its body may hold placeholders.
struct TemplateField {
  std::string name;
  TextTemplate body;
};

struct Responder {
  std::string file;
  ResponderKind kind = ResponderKind::kPersonal;
  std::vector<Address> addresses;  ///< the recipient's own, beside the one mail came to
  std::optional<Mailbox> from;
  std::optional<Mailbox> reply_to;
  TextTemplate subject;
  TextTemplate text;                        ///< UTF-8, lines end in LF
  std::vector<TemplateField> extra_fields;  ///< of a template file, those it may set
  std::optional<Seconds> interval;          ///< zero answers every message; nothing: only the first
  std::string handle;                       ///< names what is said
  std::optional<Time> active_from;          ///< inclusive
  std::optional<Time> active_until;         ///< exclusive: a plain date counts to its end
  std::string active_from_text;             ///< as ${active_from} shows it
  std::string active_until_text;
  std::vector<Reason> ignored;      ///< soft rules switched off
  std::string precedence = "bulk";  ///< empty: no such field
  std::string envelope_from;        ///< of the reply; empty for the null sender
  bool allow_large = false;
  std::optional<RateLimit> limit;
  AddressList never_reply_to;
  AddressList only_reply_to;  ///< empty: everybody
};

/// Reads a responder file and the files it names. Where a fault does not end it, what is returned
/// is of no use but for finding more of them.
Responder load_responder(const std::string& file, const IndexFolder& indexes = {},
                         const FaultHandler& on_fault = throw_fault);

}  // namespace inforeply
