// The labels by which mail names its charsets, as data: what each of them means to glibc's iconv.
//
// Labels are those of the WHATWG Encoding Standard (4.2), with spellings that it does not have but
// mail has. As there, a label often means a superset of the charset that it names: gb2312 is
// written on text that is GBK, iso-8859-1 on text of windows-1252. Extend the table in
// charset_label.cpp; header and body follow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace inforeply {

/// How its octets become UTF-8.
enum class CharsetForm : std::uint8_t {
  kIconv,        ///< by iconv alone
  kAscii,        ///< what is not ASCII is UTF-8, or else windows-1252
  kWindows1252,  ///< the octets that iconv has no character for are C1 controls, as in WHATWG
  kHz,           ///< RFC 1843, which iconv does not know
  kIso2022Japan  ///< RFC 1468 with the characters of Microsoft's code page 50221
};

struct Charset {
  CharsetForm form = CharsetForm::kIconv;
  std::string name;         ///< iconv's; for text of another form, that of its characters
  std::string alternative;  ///< iconv's, for text that is not in `name`; empty: none
};

/// Whether the text can be a charset's name: iconv loads code by it, so nothing else goes there.
bool is_charset_name(std::string_view text);

/// What a label of a message means. Case, separators and the first `x-` do not count:
/// `Windows_1251` is `x-cp1251`. A label that is not in the table is taken as iconv's own name;
/// `name` is empty where it cannot be one.
Charset find_charset(std::string_view label);

}  // namespace inforeply
