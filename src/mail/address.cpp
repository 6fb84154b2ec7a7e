#include "inforeply/address.hpp"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "inforeply/text.hpp"
#include "mail/quoted_string.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxDomainOctets = 253;
constexpr std::size_t kMaxLabelOctets = 63;
constexpr std::string_view kAtextSpecials = "!#$%&'*+-/=?^_`{|}~";

bool is_utf8_octet(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

bool is_atext(char c) {
  return is_letter_or_digit(c) || is_utf8_octet(c) ||
         kAtextSpecials.find(c) != std::string_view::npos;
}

bool is_atoms_and_dots(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

/// RFC 5321's Dot-string: atoms with single dots between them.
bool is_dot_string(std::string_view text) {
  return is_atoms_and_dots(text) && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

bool is_domain_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelOctets && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return c == '-' || is_letter_or_digit(c);
         });
}

bool is_domain_name(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxDomainOctets) return false;
  while (true) {
    const auto dot = domain.find('.');
    if (!is_domain_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

/// RFC 5321, 4.1.3: [192.0.2.1] or [IPv6:…].
bool is_address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  const std::string inside(text.substr(1, text.size() - 2));
  std::array<unsigned char, 16> ignored{};
  constexpr std::string_view kTag = "IPv6:";
  if (starts_with_ignoring_case(inside, kTag)) {
    return inet_pton(AF_INET6, inside.c_str() + kTag.size(), ignored.data()) == 1;
  }
  return inet_pton(AF_INET, inside.c_str(), ignored.data()) == 1;
}

/// Returns the domain in A-labels and lower case; nullopt if it is none.
std::optional<std::string> to_ascii_domain(const std::string& domain) {
  if (is_ascii(domain)) {
    if (!is_domain_name(domain) && !is_address_literal(domain)) return std::nullopt;
    return to_lower_ascii(domain);
  }
  char* found = nullptr;
  const int status = idn2_to_ascii_8z(domain.c_str(), &found, IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, decltype(&std::free)> ascii(found, &std::free);
  if (status != IDN2_OK || !is_domain_name(ascii.get())) return std::nullopt;
  return std::string(ascii.get());
}

/// Takes a local part off the front of `text`; nullopt if there is none. Dots at its ends and two
/// in a row are taken, too, though RFC 5321 wants such a local part quoted: Japanese mobile
/// operators have given them to people.
std::optional<std::string> take_local_part(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || !is_atoms_and_dots(text.substr(0, at))) return std::nullopt;
    std::string local(text.substr(0, at));
    text.remove_prefix(at);
    return local;
  }
  const auto length = quoted_string_length(text);
  if (length == std::string_view::npos) return std::nullopt;
  std::string local = unquoted(text.substr(0, length));
  text.remove_prefix(length);
  if (local.empty()) return std::nullopt;
  return local;
}

}  // namespace

std::string address_text(std::string_view local_part, std::string_view domain) {
  std::string text =
      is_dot_string(local_part) ? std::string(local_part) : quoted_string(local_part);
  return text.append("@").append(domain);
}

std::string Address::to_string() const {
  return address_text(local_part, domain);
}

std::string Address::to_wire() const {
  return address_text(local_part, is_ascii(local_part) ? ascii_domain : domain);
}

std::string Address::normalized() const {
  return fold_case(local_part) + "@" + ascii_domain;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > kMaxAddressOctets || !is_valid_utf8(text) || to_single_line(text) != text) {
    return std::nullopt;
  }
  auto local_part = take_local_part(text);
  if (!local_part || !text.starts_with('@')) return std::nullopt;
  std::string domain(text.substr(1));
  auto ascii_domain = to_ascii_domain(domain);
  if (!ascii_domain) return std::nullopt;
  return Address{*std::move(local_part), std::move(domain), *std::move(ascii_domain)};
}

std::optional<std::string> parse_domain(std::string_view text) {
  auto address = parse_address("x@" + std::string(text));
  if (!address) return std::nullopt;
  return std::move(address->ascii_domain);
}

Address without_extension(Address address, std::string_view delimiters) {
  const auto delimiter = address.local_part.find_first_of(delimiters);
  if (delimiter != std::string::npos && delimiter > 0) address.local_part.resize(delimiter);
  return address;
}

std::optional<Address> address_in_local_part(std::string_view local_part,
                                             std::string_view delimiters) {
  const std::string text = unquoted(local_part);
  for (const char separator : {'@', '#', '='}) {
    const auto at = text.rfind(separator);
    if (at == std::string::npos) continue;
    const auto domain = text.substr(at + 1);
    // Mail servers put a recipient's extension behind the address that an alias gives.
    for (const auto end : {std::string::npos, domain.find_first_of(delimiters)}) {
      if (auto inner = parse_address(address_text(text.substr(0, at), domain.substr(0, end)))) {
        return inner;
      }
    }
  }
  return std::nullopt;
}

}  // namespace inforeply
