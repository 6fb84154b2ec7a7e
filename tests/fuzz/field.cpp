// Encoded-words, parameters, transfer encodings and message ids, both ways.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "inforeply/text.hpp"
#include "mail/charset.hpp"
#include "mail/date.hpp"
#include "mail/encoded_word.hpp"
#include "mail/flowed.hpp"
#include "mail/header.hpp"
#include "mail/mailbox.hpp"
#include "mail/media_type.hpp"
#include "mail/parameter.hpp"
#include "mail/transfer_encoding.hpp"

namespace inforeply {
namespace {

using fuzz::expect;
using fuzz::expect_equal;

constexpr std::size_t kMaxEncodedWordLine = 76;  // RFC 2047, 2

/// @param most  of a line without an encoded-word
void expect_folded_ascii(std::string_view encoded, std::size_t used, std::size_t most) {
  for (bool first = true; !encoded.empty(); first = false) {
    const auto line = fuzz::take_up_to(encoded, '\n');
    expect(is_ascii(line) && !has_control_characters(line), "printable ASCII", line);
    expect(first || line.starts_with(' '), "a fold begins with a blank", line);
    const bool has_word = line.find("=?") != std::string_view::npos;
    expect(line.size() + (first ? used : 0) <= (has_word ? kMaxEncodedWordLine : most),
           "line length", line);
  }
}

std::string unfolded(std::string text) {
  std::erase(text, '\n');
  return text;
}

/// No field body of a message has a line end in front, but one from here may.
std::string without_blanks(std::string text) {
  std::erase_if(
      text, [](char c) { return std::string_view(" \t\r\n").find(c) != std::string_view::npos; });
  return text;
}

void check_encoded_words(std::string_view body) {
  const auto text = decode_field_text(body);
  expect(is_valid_utf8(text), "decoded text is UTF-8", text);
  if (trim(text).empty()) return;  // a field body of blanks is an empty one
  const auto encoded = encode_field_text(text, 9);
  expect_folded_ascii(encoded, 9, kMaxLineOctets);
  const auto again = decode_field_text(trim(unfolded(encoded)));
  // A word that nobody here can decode stays, and its reader sees fewer blanks beside it.
  const bool has_foreign_word = text.find("=?") != std::string::npos;
  expect_equal(has_foreign_word ? without_blanks(again) : again,
               has_foreign_word ? without_blanks(text) : text, "encoded-words");
}

void check_phrase(std::string_view body) {
  const auto name = collapse_blanks(to_single_line(decode_field_text(body)));
  if (name.empty()) return;
  const auto phrase = encode_phrase(name, 4);
  expect_folded_ascii(phrase, 4, kMaxLineOctets);
  const auto mailbox = parse_one_mailbox(unfolded(phrase) + " <a@example.net>");
  expect(mailbox.has_value(), "a phrase is one", phrase);
  expect_equal(mailbox->addr_spec, "a@example.net", "no phrase is an address");
  const bool has_foreign_word = name.find("=?") != std::string::npos;
  if (!has_foreign_word) expect_equal(mailbox->display_name, name, "phrase");
}

void check_parameters(std::string_view body) {
  for (const auto* name : {"boundary", "charset", "filename", "name"}) {
    const auto value = find_parameter(body, name);
    if (!value) continue;
    const auto all = find_parameters(body, name);
    expect(std::find(all.begin(), all.end(), *value) != all.end(), "found among all", *value);
    if (!is_valid_utf8(*value)) continue;
    const auto encoded = encode_parameter(name, *value);
    expect_folded_ascii(encoded, 0, kMaxEncodedWordLine);
    expect_equal(find_parameter("x/y" + unfolded(encoded), name).value_or("none"), *value,
                 "parameter");
  }
}

void check_transfer_encoding(std::string_view octets) {
  const auto encoded = encode_text(std::string(octets));
  for (std::string_view rest = encoded.text; !rest.empty();)
    expect(fuzz::take_up_to(rest, '\n').size() <= kMaxLineOctets, "line length", encoded.text);
  expect(is_7bit(encoded.text), "7 bits", encoded.text);
  auto decoded = decode_transfer_encoding(encoded.encoding, encoded.text);
  if (encoded.encoding == "base64") {  // canonical line ends
    for (auto at = decoded.find("\r\n"); at != std::string::npos; at = decoded.find("\r\n", at))
      decoded.erase(at, 1);
  }
  const bool is_ended = octets.empty() || octets.ends_with('\n');
  expect_equal(decoded, std::string(octets) + (is_ended ? "" : "\n"), "transfer encoding");
  expect_equal(decode_transfer_encoding("base64", encode_base64(octets)), octets, "base64");
  expect(encode_base64(octets).size() == base64_size(octets.size()), "size of base64");
  static_cast<void>(decode_transfer_encoding("quoted-printable", octets));
}

void check_flowed(std::string_view octets) {
  if (octets.find('\r') != std::string_view::npos) return;  // lines end in LF
  const auto flowed = to_flowed(octets);
  expect_equal(to_flowed(from_flowed(flowed, DelSp::kNo)), flowed, "flowed text");
}

void check_ids(std::string_view body) {
  for (const auto& id : parse_message_ids(body)) {
    expect(id.size() <= kMaxMessageIdOctets && id.starts_with('<') && id.ends_with('>') &&
               is_ascii(id) && !has_control_characters(id) && id.find(' ') == std::string::npos,
           "a message id is a word", id);
    expect(parse_message_ids(id) == std::vector{id}, "and one", id);
  }
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  auto text = fuzz::to_text(data, size);
  check_transfer_encoding(text);
  check_flowed(text);
  const auto charset = fuzz::take_up_to(text, '\n');
  expect(is_valid_utf8(to_utf8_leniently(text, charset)), "text of any charset is UTF-8");
  expect(is_valid_utf8(unlabelled_to_utf8(text, charset)), "text of no charset is UTF-8");
  expect(is_valid_utf8(decode_field_text(text, charset)), "a field's text is UTF-8");
  check_encoded_words(text);
  check_phrase(text);
  check_parameters(text);
  check_ids(text);
  static_cast<void>(parse_mail_date(text));
  static_cast<void>(strip_comments(text));
  return 0;
}
