#include "inforeply/sender.hpp"

#include "inforeply/text.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

constexpr int kMaxRewritings = 4;
constexpr auto kNone = std::string_view::npos;

/// Takes the text up to the first `=` off the front of `text`, and drops the `=`; nullopt without
/// `=`.
std::optional<std::string_view> take_up_to_equals(std::string_view& text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, equals);
  text.remove_prefix(equals + 1);
  return part;
}

/// BATV's tag: one digit of a key, three digits of a day, six hexadecimal digits of a hash.
bool is_prvs_tag(std::string_view text) {
  constexpr std::size_t kDecimal = 4;
  return text.size() == 10 && text.substr(0, kDecimal).find_first_not_of("0123456789") == kNone &&
         text.substr(kDecimal).find_first_not_of("0123456789abcdefABCDEF") == kNone;
}

/// Returns `user` of a bounce address tag (BATV): `prvs=TAG=user`, `prvs=user/TAG` of its first
/// drafts, Barracuda's `btv1==TAG==user`, SparkPost's `msprvs1=TAG=user`.
std::optional<std::string_view> undo_tag(std::string_view local_part) {
  const auto take = [&](std::string_view prefix) {
    if (!starts_with_ignoring_case(local_part, prefix)) return false;
    local_part.remove_prefix(prefix.size());
    return true;
  };
  if (take("btv1==")) {
    const auto end = local_part.find("==");
    if (end == kNone) return std::nullopt;
    local_part.remove_prefix(end + 2);
  } else if (take("prvs=") || take("msprvs1=")) {
    const auto separator = local_part.find_first_of("=/");
    if (separator == kNone) return std::nullopt;
    const auto front = local_part.substr(0, separator);
    const auto back = local_part.substr(separator + 1);
    local_part = is_prvs_tag(back) && !is_prvs_tag(front) ? front : back;
  } else {
    return std::nullopt;
  }
  return local_part.empty() ? std::nullopt : std::optional(local_part);
}

/// Returns `user`, the account that forwards, of Gmail's `user+caf_=target=domain`.
std::optional<std::string_view> undo_gmail_forwarding(std::string_view local_part) {
  const auto mark = to_lower_ascii(local_part).find("+caf_=");
  if (mark == kNone || mark == 0) return std::nullopt;
  return local_part.substr(0, mark);
}

/// Undoes the sender rewriting scheme: `SRS0=HASH=TIME=domain=user@forwarder`, and of a second
/// forwarder `SRS1=HASH=forwarder==HASH=TIME=domain=user@second`. `+` or `-` may replace the `=`
/// behind SRS0 and the second `=` behind the first forwarder. Exchange Online writes
/// `mailbox+SRS=HASH=TIME=domain=user`.
std::optional<Address> undo_srs(std::string_view rewritten) {
  constexpr std::string_view kSeparators = "=+-";
  constexpr std::string_view kExchange = "+srs=";
  const bool second = starts_with_ignoring_case(rewritten, "SRS1");
  if (second || starts_with_ignoring_case(rewritten, "SRS0")) {
    rewritten.remove_prefix(4);
  } else if (const auto mark = to_lower_ascii(rewritten).find(kExchange); mark != kNone) {
    rewritten.remove_prefix(mark + kExchange.size() - 1);
  } else {
    return std::nullopt;
  }
  const auto take_separator = [&] {
    if (rewritten.empty() || kSeparators.find(rewritten.front()) == std::string_view::npos) {
      return false;
    }
    rewritten.remove_prefix(1);
    return true;
  };
  if (!take_separator()) return std::nullopt;
  if (second) {  // hash and forwarder
    if (!take_up_to_equals(rewritten) || !take_up_to_equals(rewritten) || !take_separator()) {
      return std::nullopt;
    }
  }
  if (!take_up_to_equals(rewritten) || !take_up_to_equals(rewritten)) return std::nullopt;
  const auto domain = take_up_to_equals(rewritten);
  if (!domain || rewritten.empty()) return std::nullopt;
  return parse_address(address_text(rewritten, *domain));
}

std::optional<Address> undo_rewriting(const Address& address) {
  for (const auto undo : {undo_tag, undo_gmail_forwarding}) {
    if (const auto local_part = undo(address.local_part)) {
      return Address{std::string(*local_part), address.domain, address.ascii_domain};
    }
  }
  return undo_srs(address.local_part);
}

std::string canonical_of_person(const Address& person) {
  return without_extension(person, "+").normalized();
}

}  // namespace

Sender::Sender(std::string text) : given(std::move(text)), address(parse_address(given)) {
  if (address) person = person_behind(*address);
}

std::string Sender::forwarder() const {
  return person.ascii_domain == address->ascii_domain ? "" : address->ascii_domain;
}

const Address& Sender::believed() const {
  return forwarder().empty() ? person : *address;
}

std::string Sender::canonical() const {
  return canonical_of_person(person);
}

Address person_behind(const Address& sender) {
  Address person = sender;
  // A forwarder may have rewritten a tagged address, or one that another forwarder rewrote.
  for (int layer = 0; layer < kMaxRewritings; ++layer) {
    const auto inner = undo_rewriting(person);
    if (!inner) break;
    person = *inner;
  }
  return person;
}

std::string canonical_sender(const Address& sender) {
  return canonical_of_person(person_behind(sender));
}

}  // namespace inforeply
