// Addresses, senders and mailboxes.
#include "inforeply/address.hpp"

#include <string>

#include "fuzz/fuzz.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/text.hpp"
#include "mail/encoded_word.hpp"
#include "mail/mailbox.hpp"

namespace inforeply {
namespace {

using fuzz::expect;
using fuzz::expect_equal;

void expect_harmless(const std::string& text, const char* what) {
  expect(is_valid_utf8(text) && !has_control_characters(text), what, text);
}

void check_address(const Address& address) {
  const auto written = address.to_string();
  expect_harmless(written, "an address is a word of UTF-8");
  expect(is_ascii(address.ascii_domain), "A-labels are ASCII", address.ascii_domain);
  if (written.size() > kMaxAddressOctets) return;  // by the quotes that it was read without
  const auto again = parse_address(written);
  expect(again.has_value(), "what is written can be read", written);
  expect_equal(again->local_part, address.local_part, "local part");
  expect_equal(again->domain, address.domain, "domain");
  expect_equal(again->ascii_domain, address.ascii_domain, "A-labels");
  const auto wire = parse_address(address.to_wire());
  if (wire) expect_equal(wire->normalized(), address.normalized(), "on the wire it is the same");
}

void check_sender(const Sender& sender) {
  check_address(sender.person);
  const auto canonical = sender.canonical();
  expect_harmless(canonical, "a canonical sender is a word of UTF-8");
  expect_equal(canonical_sender(*sender.address), canonical, "one name of a person");
  const auto folded = parse_address(sender.address->normalized());
  if (folded && folded->normalized() == sender.address->normalized())
    expect_equal(canonical_sender(*folded), canonical, "case does not matter");
  expect_harmless(sender.forwarder(), "a forwarder is a domain");
}

void check_mailbox(const Mailbox& mailbox) {
  if (mailbox.display_name.find("=?") != std::string::npos)
    return;  // a word that nobody here reads
  const auto phrase = encode_phrase(mailbox.display_name, 4);
  if (phrase.size() > kMaxFieldStartOctets) return;  // only its start is read again
  const auto written = phrase + " <" + mailbox.addr_spec + ">";
  std::string unfolded = written;
  std::erase(unfolded, '\n');
  const auto again = parse_one_mailbox(unfolded);
  expect(again.has_value(), "what is written is one mailbox", written);
  expect_equal(again->addr_spec, mailbox.addr_spec, "address of a mailbox");
  expect_equal(again->display_name, mailbox.display_name, "display name");
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  const auto text = fuzz::to_text(data, size);
  const auto address = parse_address(text);
  if (address) {
    check_address(*address);
    check_address(without_extension(*address, "+-"));
    check_sender(Sender(std::string(text)));
    if (const auto inner = address_in_local_part(address->local_part, "+")) check_address(*inner);
  }
  const auto sender = normalize_sender(std::string(text));
  expect_equal(normalize_sender(sender).size() <= sender.size() ? "" : "longer", "", "no brackets");
  find_mailbox(text, [](const Mailbox& mailbox) {
    fuzz::expect(is_valid_utf8(mailbox.display_name), "a display name is UTF-8");
    return false;
  });
  if (const auto mailbox = parse_one_mailbox(text)) check_mailbox(*mailbox);
  const auto domain = parse_domain(text);
  if (domain) expect_equal(parse_domain(*domain).value_or("none"), *domain, "domain twice");
  return 0;
}
