#include "mail/html/html_writer.hpp"

#include <unistr.h>

#include <algorithm>
#include <cstdint>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

// Bounds the marks in front of a line, however deep a stranger nests.
constexpr int kMaxLevels = 8;
constexpr std::string_view kSignatureMark = "--";  // RFC 3676, 4.3, without its blank
constexpr std::string_view kMailto = "mailto:";

bool is_blank(ucs4_t c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0xA0 || c == 0x2028 ||
         c == 0x2029;
}

/// Control characters, soft hyphens, zero-width spaces. Joiners stay: scripts and emoji need them.
bool is_invisible(ucs4_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x200B || c == 0x2060 ||
         c == 0xFEFF;
}

/// Takes a character off the front of valid UTF-8. Returns it and its octets.
std::pair<ucs4_t, std::string_view> take_character(std::string_view& text) {
  ucs4_t character = 0;
  const auto length = static_cast<std::size_t>(
      u8_mbtouc(&character, reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  const auto octets = text.substr(0, length);
  text.remove_prefix(length);
  return {character, octets};
}

bool says_the_same(std::string_view text, std::string_view url) {
  if (equals_ignoring_case(text, url)) return true;
  if (!starts_with_ignoring_case(url, kMailto)) return false;
  return equals_ignoring_case(text, url.substr(0, url.find('?')).substr(kMailto.size()));
}

std::string quote_marks(int levels) {
  std::string marks(static_cast<std::size_t>(std::min(levels, kMaxLevels)), '>');
  return marks;
}

}  // namespace

std::string clean_url(std::string_view url) {
  std::string result;
  url = trim(url);
  while (!url.empty()) {
    const auto [character, octets] = take_character(url);
    if (character == ' ' || character == '<' || character == '>') {
      result += '%' + to_hex(octets.front());
    } else if (!is_blank(character) && !is_invisible(character)) {
      result += octets;
    }
  }
  return result;
}

void HtmlWriter::put(std::string_view text) {
  while (!text.empty()) {
    const auto [character, octets] = take_character(text);
    if (keeps_blanks_ > 0 && character == '\n') {
      put_kept_line_end();
    } else if (is_blank(character)) {
      put_blank(character == '\t' || character == '\r' ? static_cast<char>(character) : ' ');
    } else if (!is_invisible(character)) {
      flush();
      const bool begins_line = text_.empty() || text_.ends_with('\n');
      if (begins_line && character == '>') text_ += ' ';  // else it would be a quote mark
      text_ += octets;
    }
  }
}

void HtmlWriter::put_blank(char blank) {
  if (keeps_blanks_ == 0) {
    blanks_ = ' ';
  } else if (blank != '\r') {  // a CR belongs to a line end
    blanks_ += blank;
    at_kept_start_ = false;
  }
}

/// A line end right behind `<pre>` does not count.
void HtmlWriter::put_kept_line_end() {
  forget_blanks();
  if (!at_kept_start_) ++line_ends_;
  at_kept_start_ = false;
}

void HtmlWriter::request(Break wanted) {
  if (at_cell_start_ || wanted == Break::kNone) return;
  forget_blanks();
  line_ends_ = std::max(line_ends_, static_cast<std::size_t>(wanted));
}

void HtmlWriter::end_line() {
  if (at_cell_start_) return;
  forget_blanks();
  line_ends_ = std::max(line_ends_, std::min<std::size_t>(line_ends_ + 1, 2));
}

void HtmlWriter::begin_cell(Place place) {
  at_cell_start_ = true;
  if (place == Place::kNewLine) return;
  separator_ = true;
  blanks_.clear();
  line_ends_ = 0;
}

/// What the last cell requested ends with the row.
void HtmlWriter::end_row(Break wanted) {
  at_cell_start_ = false;
  separator_ = false;
  if (wanted == Break::kLine) line_ends_ = std::min<std::size_t>(line_ends_, 1);
  request(wanted);
}

void HtmlWriter::keep_blanks(int levels) {
  keeps_blanks_ += levels;
  at_kept_start_ = levels > 0;
}

/// Drops blanks at the end of a line, except in a signature's mark.
void HtmlWriter::forget_blanks() {
  const bool is_mark = std::string_view(text_).substr(line_start_) == kSignatureMark;
  if (line_ends_ == 0 && !blanks_.empty() && is_mark) text_ += ' ';
  blanks_.clear();
}

/// Writes all that waits, as text follows.
void HtmlWriter::flush() {
  if (line_ends_ > 0 || text_.empty()) {
    start_line();
  } else if (separator_) {
    text_ += " | ";
    if (keeps_blanks_ == 0) blanks_.clear();
  }
  text_ += item_mark_;
  text_ += blanks_;
  item_mark_.clear();
  blanks_.clear();
  separator_ = false;
  at_cell_start_ = false;
  at_kept_start_ = false;
  if (!link_start_) link_start_ = text_.size();
}

void HtmlWriter::start_line() {
  const bool is_first = text_.empty();
  for (; line_ends_ > 0 && !is_first; --line_ends_) {
    text_ += '\n';
    if (line_ends_ > 1) text_ += quote_marks(std::min(quotes_, line_quotes_));
  }
  line_ends_ = 0;
  if (!is_first) ++line_;
  if (quotes_ > 0) text_ += quote_marks(quotes_) + ' ';
  line_quotes_ = quotes_;
  // An item's mark stands out to the left of its text.
  const int levels = std::min(indentation_, kMaxLevels) - (item_mark_.empty() ? 0 : 1);
  text_ += std::string(static_cast<std::size_t>(std::max(levels, 0)) * 2, ' ');
  line_start_ = text_.size();
  if (keeps_blanks_ == 0) blanks_.clear();
}

void HtmlWriter::end_link(const std::string& url) {
  if (!link_start_) return;
  if (!says_the_same(std::string_view(text_).substr(*link_start_), url)) {
    text_ += " <" + url + ">";
  }
}

std::string HtmlWriter::finish() && {
  if (!text_.empty()) text_ += '\n';
  return std::move(text_);
}

}  // namespace inforeply
