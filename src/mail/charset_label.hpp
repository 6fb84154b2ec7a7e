// The labels by which mail names its charsets, as data: what each label means to glibc's iconv.
//
// Labels are those of the WHATWG Encoding Standard (4.2), and spellings that it lacks but mail has.
// As there, a label often means a superset of the charset that it names: text labelled gb2312 is
// GBK, text labelled iso-8859-1 is windows-1252. To add a label, extend the table in
// charset_label.cpp: header and body both use it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace inforeply {

/// How its octets become UTF-8.
enum class CharsetForm : std::uint8_t {
  kIconv,        ///< by iconv alone
  kAscii,        ///< 8-bit octets are UTF-8, or else windows-1252
  kWindows1252,  ///< octets that iconv has no character for are C1 controls, as in WHATWG
  kHz,           ///< RFC 1843, which iconv does not know
  kIso2022Japan  ///< RFC 1468 with the characters of Microsoft's code page 50221
};

struct Charset {
  CharsetForm form = CharsetForm::kIconv;
  std::string name;         ///< iconv's; for other forms, the charset of its characters
  std::string alternative;  ///< iconv's, for text that is not in `name`; empty if none
};

/// Whether the text can be a charset's name. iconv loads code by it, so nothing else may go there.
bool is_charset_name(std::string_view text);

/// Returns what a charset label means. Case, separators and the first `x-` do not count:
/// `Windows_1251` is `x-cp1251`. A label that is not in the table is taken as iconv's own name;
/// `name` is empty if it cannot be iconv's.
Charset find_charset(std::string_view label);

}  // namespace inforeply
