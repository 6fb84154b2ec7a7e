#include "mail/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <utility>

#include "inforeply/text.hpp"
#include "mail/charset_label.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";
constexpr char kEscape = '\x1B';

/// Octets not in the charset: refuse the text, replace a character cut at the end, or replace all.
enum class Broken { kRefused, kReplacedAtEnd, kReplaced };

class Converter {
 public:
  explicit Converter(const std::string& charset) {
    if (charset.empty()) return;
    handle_ = iconv_open("UTF-8", charset.c_str());
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as iconv_open(3) has it
    known_ = handle_ != reinterpret_cast<iconv_t>(-1);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (known_) iconv_close(handle_);
  }

  /// nullopt if the charset is unknown, or `broken` refuses what is not in it.
  std::optional<std::string> convert(std::string_view text, Broken broken) {
    if (!known_) return std::nullopt;
    std::string result;
    std::string input(text);
    char* in = input.data();
    std::size_t in_left = input.size();
    bool flushed = false;  // a stateful charset such as UTF-7 may hold something back
    while (!flushed) {
      std::array<char, 1024> buffer{};
      char* out = buffer.data();
      std::size_t out_left = buffer.size();
      flushed = in_left == 0;
      const auto status = flushed ? iconv(handle_, nullptr, nullptr, &out, &out_left)
                                  : iconv(handle_, &in, &in_left, &out, &out_left);
      const bool failed = status == static_cast<std::size_t>(-1) && errno != E2BIG;
      const bool incomplete = failed && errno == EINVAL;
      result.append(buffer.data(), buffer.size() - out_left);
      if (!failed) continue;
      if (broken == Broken::kRefused || flushed) return std::nullopt;
      if (broken == Broken::kReplacedAtEnd && !incomplete) return std::nullopt;
      result += kReplacement;
      // A character or an escape cut at the end says nothing: skip all its octets.
      const auto skipped = incomplete ? in_left : 1;
      in += skipped;
      in_left -= skipped;
    }
    // iconv gives characters beyond U+10FFFF, too.
    return is_valid_utf8(result) ? std::optional(std::move(result)) : std::nullopt;
  }

 private:
  iconv_t handle_{};
  bool known_ = false;
};

std::optional<std::string> from_iconv(std::string_view text, const std::string& charset,
                                      Broken broken) {
  return Converter(charset).convert(text, broken);
}

/// Text in several charsets, put together piece by piece.
class Pieces {
 public:
  explicit Pieces(Broken broken) : broken_(broken) {}

  void add(std::string_view charset, std::string_view octets) {
    if (charset_ != charset) convert_pending();
    charset_ = charset;
    pending_ += octets;
  }
  void add_utf8(std::string_view text) {
    convert_pending();
    text_ += text;
  }
  enum class Cause { kNoCharacter, kCutAtEnd };

  /// Adds octets that are in no charset.
  void add_broken(Cause cause) {
    refused_ = refused_ || broken_ == Broken::kRefused ||
               (broken_ == Broken::kReplacedAtEnd && cause != Cause::kCutAtEnd);
    add_utf8(kReplacement);
  }
  std::optional<std::string> take() {
    convert_pending();
    return refused_ ? std::nullopt : std::optional(std::move(text_));
  }

 private:
  void convert_pending() {
    if (pending_.empty() || refused_) return;
    // Converters are kept: opening one costs far more than converting a piece.
    const auto converter = converters_.try_emplace(charset_, charset_).first;
    const auto converted = converter->second.convert(pending_, broken_);
    refused_ = !converted;
    text_ += converted.value_or("");
    pending_.clear();
  }

  Broken broken_;
  bool refused_ = false;
  std::string charset_;
  std::string pending_;
  std::string text_;
  std::map<std::string, Converter> converters_;
};

/// The character sets that the escapes of ISO-2022-JP switch to.
enum class Set : std::uint8_t { kAscii, kRoman, kKana, kJisX0208, kJisX0212 };

struct Escape {
  std::string_view sequence;
  Set set;
};

constexpr std::array kEscapes = {
    Escape{"(B", Set::kAscii},     Escape{"(J", Set::kRoman},    Escape{"(H", Set::kRoman},
    Escape{"(I", Set::kKana},      Escape{"$@", Set::kJisX0208}, Escape{"$B", Set::kJisX0208},
    Escape{"$(D", Set::kJisX0212}, Escape{"&@", Set::kAscii},  // announces a revision
};

/// ISO-2022-JP as Microsoft's code pages 50220 to 50222 have it: with the characters of CP932 (also
/// NEC's row 13), and half-width kana by an escape, by SO or as 8-bit octets. Includes RFC 1468.
class Iso2022Japan {
 public:
  Iso2022Japan(std::string_view text, Broken broken) : rest_(text), pieces_(broken) {}

  std::optional<std::string> decode() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == kEscape) {
        take_escape();
      } else if (c == '\x0E' || c == '\x0F') {
        shifted_ = c == '\x0E';
        rest_.remove_prefix(1);
      } else if (c == '\n' || c == '\r') {
        take_one("CP932", c);
      } else if (is_pair()) {
        take_pair();
      } else {
        take_single();
      }
    }
    return pieces_.take();
  }

 private:
  [[nodiscard]] bool is_pair() const {
    return !shifted_ && (set_ == Set::kJisX0208 || set_ == Set::kJisX0212);
  }

  void take_escape() {
    const auto behind = rest_.substr(1);
    for (const auto& escape : kEscapes) {
      if (!behind.starts_with(escape.sequence)) continue;
      if (escape.sequence != "&@") set_ = escape.set;
      shifted_ = false;
      rest_ = behind.substr(escape.sequence.size());
      return;
    }
    const bool is_cut = std::any_of(kEscapes.begin(), kEscapes.end(), [&](const Escape& escape) {
      return escape.sequence.starts_with(behind);
    });
    pieces_.add_broken(is_cut ? Pieces::Cause::kCutAtEnd : Pieces::Cause::kNoCharacter);
    rest_ = is_cut ? std::string_view() : behind;
  }

  void take_pair() {
    const auto first = static_cast<unsigned char>(rest_[0]);
    if (rest_.size() == 1) {
      pieces_.add_broken(Pieces::Cause::kCutAtEnd);
      rest_ = {};
      return;
    }
    const auto second = static_cast<unsigned char>(rest_[1]);
    const auto is_of_a_pair = [](unsigned octet) { return octet >= 0x21 && octet <= 0x7E; };
    if (!is_of_a_pair(first) || !is_of_a_pair(second)) {
      if (first == ' ') return take_one("CP932", ' ');
      pieces_.add_broken(Pieces::Cause::kNoCharacter);
      rest_.remove_prefix(1);
      return;
    }
    rest_.remove_prefix(2);
    if (set_ == Set::kJisX0212) {
      pieces_.add("EUC-JP-MS", std::string{'\x8F', high(first), high(second)});
    } else {
      pieces_.add("CP932", shift_jis(first, second));
    }
  }

  void take_single() {
    const auto c = static_cast<unsigned char>(rest_.front());
    const bool is_kana = set_ == Set::kKana || shifted_;
    if (is_kana && c >= 0x21 && c <= 0x5F) return take_one("CP932", high(c));
    if (set_ == Set::kRoman && c == '\\') return take_as("\u00A5");
    if (set_ == Set::kRoman && c == '~') return take_as("\u203E");
    if (c < 0x80 || (c >= 0xA1 && c <= 0xDF)) return take_one("CP932", rest_.front());
    pieces_.add_broken(Pieces::Cause::kNoCharacter);
    rest_.remove_prefix(1);
  }

  void take_one(std::string_view charset, char octet) {
    pieces_.add(charset, {&octet, 1});
    rest_.remove_prefix(1);
  }
  void take_as(std::string_view character) {
    pieces_.add_utf8(character);
    rest_.remove_prefix(1);
  }

  static char high(unsigned octet) { return static_cast<char>(octet | 0x80U); }

  /// Returns a pair of JIS X 0208 in the rows and cells of Shift_JIS.
  static std::string shift_jis(unsigned first, unsigned second) {
    const unsigned row = (first - 0x21) / 2;
    const unsigned lead = row + (row < 0x1F ? 0x81 : 0xC1);
    const bool is_even_row = first % 2 == 0;
    const unsigned trail = is_even_row ? second + 0x7E : second + (second < 0x60 ? 0x1F : 0x20);
    return {static_cast<char>(lead), static_cast<char>(trail)};
  }

  std::string_view rest_;
  Pieces pieces_;
  Set set_ = Set::kAscii;
  bool shifted_ = false;  // SO: kana until SI
};

/// RFC 1843: pairs of GB 2312 between `~{` and `~}`.
std::optional<std::string> from_hz(std::string_view text, std::string_view charset, Broken broken) {
  Pieces pieces(broken);
  bool in_pairs = false;
  while (!text.empty()) {
    const auto two = text.substr(0, 2);
    std::size_t taken = 2;
    if (two == "~{" || two == "~}") {
      in_pairs = two == "~{";
    } else if (!in_pairs && two == "~~") {
      pieces.add(charset, "~");
    } else if (!in_pairs && two == "~\n") {
      // a line that goes on in the next
    } else if (in_pairs && two.front() != '\n' && two.size() == 2) {
      pieces.add(charset, std::string{static_cast<char>(two[0] | '\x80'),
                                      static_cast<char>(two[1] | '\x80')});
    } else if (in_pairs && two.front() != '\n') {
      pieces.add_broken(Pieces::Cause::kCutAtEnd);
    } else {
      in_pairs = in_pairs && two.front() != '\n';
      pieces.add(charset, two.substr(0, 1));
      taken = 1;
    }
    text.remove_prefix(std::min(taken, text.size()));
  }
  return pieces.take();
}

/// Never fails: every octet stands for a character.
std::string from_windows_1252(std::string_view text) {
  constexpr std::string_view kUnassigned = "\x81\x8D\x8F\x90\x9D";
  Pieces pieces(Broken::kReplaced);
  while (!text.empty()) {
    const auto assigned = text.substr(0, text.find_first_of(kUnassigned));
    pieces.add("CP1252", assigned);
    text.remove_prefix(assigned.size());
    if (text.empty()) break;
    pieces.add_utf8(std::string{'\xC2', text.front()});
    text.remove_prefix(1);
  }
  return pieces.take().value_or("");
}

std::optional<std::string> decode(std::string_view text, const Charset& charset, Broken broken) {
  switch (charset.form) {
    case CharsetForm::kHz:
      return from_hz(text, charset.name, broken);
    case CharsetForm::kIso2022Japan:
      return Iso2022Japan(text, broken).decode();
    case CharsetForm::kAscii:
      return is_valid_utf8(text) ? std::string(text) : from_windows_1252(text);
    case CharsetForm::kWindows1252:
      return from_windows_1252(text);
    case CharsetForm::kIconv:
      break;
  }
  return from_iconv(text, charset.name, broken);
}

/// Decodes by the charset or, if `text` is not all in it, by the label's alternative.
std::optional<std::string> decode_either(std::string_view text, const Charset& charset,
                                         Broken broken) {
  auto decoded = decode(text, charset, broken);
  if (decoded || charset.alternative.empty()) return decoded;
  return from_iconv(text, charset.alternative, broken);
}

}  // namespace

std::optional<std::string> to_utf8(std::string_view text, std::string_view charset,
                                   CutCharacter cut) {
  const Charset found = find_charset(charset);
  auto decoded = decode_either(text, found, Broken::kRefused);
  if (decoded || cut == CutCharacter::kRefused) return decoded;
  return decode_either(text, found, Broken::kReplacedAtEnd);
}

std::vector<std::size_t> lines_not_utf8(std::string_view text) {
  std::vector<std::size_t> numbers;
  for (std::size_t number = 1; !text.empty(); ++number) {
    if (!is_valid_utf8(take_line(text))) numbers.push_back(number);
  }
  return numbers;
}

std::string to_utf8_leniently(std::string_view text, std::string_view charset) {
  const Charset found = find_charset(charset);
  if (auto decoded = decode_either(text, found, Broken::kRefused)) return *std::move(decoded);
  if (auto decoded = decode(text, found, Broken::kReplaced)) return *std::move(decoded);
  return unlabelled_to_utf8(text, {});
}

std::string unlabelled_to_utf8(std::string_view text, std::string_view charset) {
  const bool has_escape = !charset.empty() && text.find(kEscape) != std::string_view::npos;
  if (is_valid_utf8(text) && !has_escape) return std::string(text);
  if (!charset.empty()) {
    if (auto decoded = to_utf8(text, charset)) return *std::move(decoded);
  }
  return is_valid_utf8(text) ? std::string(text) : from_windows_1252(text);
}

}  // namespace inforeply
