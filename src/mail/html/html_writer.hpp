// Writes a document's elements as lines of plain text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

enum class Break { kNone, kLine, kParagraph };  ///< the values are numbers of line ends

/// Returns the URL as it can stand between < and >.
std::string clean_url(std::string_view url);

/// Blanks, line ends and marks wait until text follows, so that none stand at the end.
class HtmlWriter {
 public:
  /// `text` is valid UTF-8. Blanks are collapsed, characters that show nothing are left out.
  void put(std::string_view text);

  void request(Break wanted);
  void end_line();  ///< for `<br>`: two or more make one empty line

  enum class Place { kNewLine, kSameLine };
  /// From here to the cell's text, requested line ends are ignored.
  void begin_cell(Place place);
  void end_row(Break wanted);

  void begin_item(std::string mark) { item_mark_ = std::move(mark); }
  void indent(int levels) { indentation_ += levels; }
  void quote(int levels) { quotes_ += levels; }
  void keep_blanks(int levels);  ///< as `<pre>` does
  [[nodiscard]] bool is_indented() const { return indentation_ > 0; }

  void begin_link() { link_start_.reset(); }
  /// Appends `url` to the text since begin_link, if there is any and it says something else.
  void end_link(const std::string& url);

  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] std::size_t line() const {
    return line_;
  }  ///< the number of the line that text_ ends in
  [[nodiscard]] std::size_t next_line() const {
    return line_ + (line_ends_ > 0 && !text_.empty() ? 1 : 0);
  }

  std::string finish() &&;

 private:
  void put_blank(char blank);
  void put_kept_line_end();
  void forget_blanks();
  void flush();
  void start_line();

  std::string text_;
  std::string blanks_;
  std::string item_mark_;
  std::size_t line_ends_ = 0;
  std::size_t line_ = 0;
  std::size_t line_start_ = 0;  // of the current line, behind its marks
  std::optional<std::size_t> link_start_;
  int indentation_ = 0;
  int quotes_ = 0;
  int line_quotes_ = 0;  // of the line that text_ ends in
  int keeps_blanks_ = 0;
  bool at_kept_start_ = false;
  bool at_cell_start_ = false;
  bool separator_ = false;
};

}  // namespace inforeply
