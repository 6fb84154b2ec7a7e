#include "inforeply/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

constexpr std::size_t kMaxCharsetName = 40;

enum class Broken { kRefused, kReplaced };

class Converter {
 public:
  explicit Converter(const std::string& charset) {
    if (!is_charset_name(charset)) return;
    handle_ = iconv_open("UTF-8", charset.c_str());
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as iconv_open(3) has it
    known_ = handle_ != reinterpret_cast<iconv_t>(-1);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (known_) iconv_close(handle_);
  }
  [[nodiscard]] bool known() const { return known_; }

  /// Nothing where `text` is not in the charset, unless that is to be shown by U+FFFD.
  std::optional<std::string> convert(std::string_view text, Broken broken) {
    std::string result;
    std::string input(text);
    char* in = input.data();
    std::size_t in_left = input.size();
    bool flushed = false;  // a stateful charset such as ISO-2022-JP may hold something back
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
      result += kReplacement;
      // The octets of a character or an escape that the end has cut say nothing by themselves.
      const auto skipped = incomplete ? in_left : 1;
      in += skipped;
      in_left -= skipped;
    }
    return result;
  }

 private:
  iconv_t handle_{};
  bool known_ = false;
};

}  // namespace

bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxCharsetName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  std::string_view("._:-").find(c) != std::string_view::npos;
         });
}

std::optional<std::string> to_utf8(std::string_view text, std::string_view charset) {
  Converter converter{std::string(charset)};
  if (!converter.known()) return std::nullopt;
  auto converted = converter.convert(text, Broken::kRefused);
  if (converted && !is_valid_utf8(*converted)) return std::nullopt;  // beyond U+10FFFF
  return converted;
}

std::vector<std::size_t> lines_not_utf8(std::string_view text) {
  std::vector<std::size_t> numbers;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    if (!is_valid_utf8(line)) numbers.push_back(number);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return numbers;
}

std::string to_utf8_leniently(std::string_view text, std::string_view charset) {
  const bool says_nothing = charset.empty() || equals_ignoring_case(charset, "us-ascii");
  Converter converter{std::string(charset)};
  if (says_nothing || !converter.known()) {
    if (is_valid_utf8(text)) return std::string(text);
    return to_utf8(text, "ISO-8859-1").value_or("");
  }
  const auto converted = converter.convert(text, Broken::kReplaced);
  if (converted && is_valid_utf8(*converted)) return *converted;
  return to_utf8(text, "ISO-8859-1").value_or("");
}

}  // namespace inforeply
