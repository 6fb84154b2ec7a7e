#include "mail/charset_label.hpp"

#include <algorithm>
#include <array>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kMaxCharsetName = 40;

using enum CharsetForm;

struct Row {
  std::string_view name;
  std::string_view alternative;
  CharsetForm form;
  std::string_view labels;  ///< lower-case letters and digits, separated by `|`
};

/// Code pages stand here only as `cpNNN`.
constexpr std::array kRows = {
    Row{"UTF-8", "", kIconv,
        "utf8|unicode11utf8|unicode20utf8|cp65001|utf8mb4|utf8mac|utf8bom|iso10646utf8"},
    Row{"CP1252", "", kAscii, "usascii|ascii|ansix341968|iso646us|iso646irv1991|cp367|cp20127"},
    Row{"CP1252", "", kWindows1252,
        "iso88591|isolatin1|88591|iso885911987|latin1|l1|csisolatin1|isoir100|cp1252|cp819|cp28591|"
        "ansi|western"},
    Row{"ISO-8859-2", "", kIconv, "iso88592|iso885921987|latin2|l2|csisolatin2|isoir101|cp28592"},
    Row{"ISO-8859-3", "", kIconv, "iso88593|iso885931988|latin3|l3|csisolatin3|isoir109"},
    Row{"ISO-8859-4", "", kIconv, "iso88594|iso885941988|latin4|l4|csisolatin4|isoir110"},
    Row{"ISO-8859-5", "", kIconv,
        "iso88595|iso885951988|cyrillic|csisolatincyrillic|isoir144|cp28595"},
    Row{"ISO-8859-6", "", kIconv,
        "iso88596|iso885961987|iso88596e|iso88596i|csiso88596e|csiso88596i|csisolatinarabic|arabic|"
        "asmo708|ecma114|isoir127"},
    Row{"ISO-8859-7", "", kIconv,
        "iso88597|iso885971987|iso885972003|csisolatingreek|greek|greek8|suneugreek|ecma118|"
        "elot928|"
        "isoir126"},
    Row{"ISO-8859-8", "", kIconv,
        "iso88598|iso885981988|iso88598e|iso88598i|csiso88598e|csiso88598i|csisolatinhebrew|hebrew|"
        "visual|logical|isoir138|cp38598|cp28598"},
    Row{"ISO-8859-10", "", kIconv, "iso885910|iso8859101992|latin6|l6|csisolatin6|isoir157"},
    Row{"ISO-8859-13", "", kIconv, "iso885913"},
    Row{"ISO-8859-14", "", kIconv, "iso885914|iso8859141998|latin8|l8|isoceltic|isoir199"},
    Row{"ISO-8859-15", "", kIconv,
        "iso885915|iso8859151998|latin9|l9|csisolatin9|isoir203|cp28605"},
    Row{"ISO-8859-16", "", kIconv, "iso885916|iso8859162001|latin10|l10|isoir226"},
    Row{"KOI8-R", "", kIconv, "koi8r|koi8|koi|cskoi8r|cp20866"},
    Row{"KOI8-U", "", kIconv, "koi8u|koi8ru|cp21866"},
    Row{"IBM866", "", kIconv, "cp866|866|csibm866"},
    Row{"MACINTOSH", "", kIconv, "macintosh|mac|macroman|csmacintosh|cp10000"},
    Row{"MAC-CYRILLIC", "", kIconv, "maccyrillic|macukrainian|cp10007"},
    Row{"CP874", "", kIconv, "cp874|tis620|tis62025331|iso885911"},
    Row{"CP1250", "", kIconv, "cp1250"},
    Row{"CP1251", "", kIconv, "cp1251"},
    Row{"CP1253", "", kIconv, "cp1253"},
    Row{"CP1254", "", kIconv,
        "cp1254|iso88599|iso885991989|latin5|l5|csisolatin5|isoir148|turkish|cp28599"},
    Row{"CP1255", "", kIconv, "cp1255"},
    Row{"CP1256", "", kIconv, "cp1256"},
    Row{"CP1257", "", kIconv, "cp1257"},
    Row{"CP1258", "", kIconv, "cp1258"},
    Row{"GB18030", "CP936", kIconv,  // CP936 has the euro sign as 0x80
        "gb18030|gbk|gb2312|gb231280|csgb2312|csiso58gb231280|chinese|isoir58|euccn|eucgb2312cn|"
        "cngb|cp936|cp54936|cp51936"},
    Row{"GB18030", "", kHz, "hzgb2312|hz|cp52936"},
    // Hong Kong's characters have codes that other variants use for characters of their own.
    Row{"BIG5", "BIG5-HKSCS", kIconv, "big5|big5eten|cnbig5|csbig5|xbig5|cp950"},
    Row{"BIG5-HKSCS", "BIG5", kIconv, "big5hkscs|big5hkscs2004"},
    Row{"EUC-JP-MS", "", kIconv,
        "eucjp|eucjpms|eucjpwin|cseucpkdfmtjapanese|ujis|cp51932|"
        "extendedunixcodepackedformatforjapanese"},
    Row{"CP932", "", kIconv,
        "shiftjis|sjis|sjiswin|csshiftjis|mskanji|cswindows31j|windows31j|win31j|cp932|cp943"},
    Row{"CP932", "ISO-2022-JP-2", kIso2022Japan,
        "iso2022jp|csiso2022jp|iso2022jpms|jis|cp50220|cp50221|cp50222"},
    Row{"UHC", "", kIconv,
        "euckr|cseuckr|ksc56011987|ksc56011989|ksc5601|csksc56011987|kscs56011987|korean|isoir149|"
        "uhc|cp949|cp51949|eucksc56011987"},
    Row{"UTF-16", "", kIconv, "utf16|ucs2|iso10646ucs2|unicode|csunicode|cp1200"},
    Row{"UTF-16LE", "", kIconv, "utf16le|unicodefeff"},
    Row{"UTF-16BE", "", kIconv, "utf16be|unicodefffe|cp1201"},
    Row{"UTF-7", "", kIconv, "utf7|unicode11utf7|csunicode11utf7|unicode20utf7|cp65000"},
};

std::string letters_and_digits(std::string_view label) {
  std::string key;
  for (const char c : to_lower_ascii(label)) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) key += c;
  }
  return key;
}

/// Whether `key` stands between `|`. Allocates nothing: a message may ask thousands of times.
bool has_label(std::string_view labels, std::string_view key) {
  constexpr auto kNone = std::string_view::npos;
  for (auto at = labels.find(key); at != kNone; at = labels.find(key, at + 1)) {
    const auto end = at + key.size();
    if ((at == 0 || labels[at - 1] == '|') && (end == labels.size() || labels[end] == '|')) {
      return true;
    }
  }
  return false;
}

const Row* find_row(std::string_view key) {
  if (key.empty()) return nullptr;
  const auto found = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const Row& row) { return has_label(row.labels, key); });
  return found == kRows.end() ? nullptr : &*found;
}

/// Returns `cp1251` for `windows1251` and its like; empty if it is no code page's number.
std::string code_page(std::string_view key) {
  constexpr std::array<std::string_view, 9> kPrefixes = {
      "windows", "win", "cp", "ms", "ibm", "dos", "codepage", "ansi", "csibm"};
  for (const auto prefix : kPrefixes) {
    if (!key.starts_with(prefix)) continue;
    if (const auto number = key.substr(prefix.size()); parse_number(number)) {
      return "cp" + std::string(number);
    }
  }
  return {};
}

}  // namespace

bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCharsetName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) ||
                  std::string_view("._:-").find(c) != std::string_view::npos;
         });
}

Charset find_charset(std::string_view label) {
  const std::string key = letters_and_digits(label);
  const std::string_view bare = std::string_view(key).substr(key.starts_with('x') ? 1 : 0);
  const std::string page = code_page(bare);
  for (const std::string_view each : {std::string_view(key), bare, std::string_view(page)}) {
    if (const Row* row = find_row(each)) {
      return {row->form, std::string(row->name), std::string(row->alternative)};
    }
  }
  // iconv loads code by this name, so only a charset's name may go there.
  std::string name(is_charset_name(label) ? label : "");
  if (starts_with_ignoring_case(name, "x-")) name.erase(0, 2);
  return {kIconv, std::move(name), page};
}

}  // namespace inforeply
