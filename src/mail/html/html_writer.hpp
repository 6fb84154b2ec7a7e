// The lines of a plain text as a document's elements make them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace inforeply {

enum class Break { kNone, kLine, kParagraph };  ///< their numbers are those of line ends

/// A URL as it can stand between < and >.
std::string clean_url(std::string_view url);

/// Blanks, line ends and marks wait until there is text behind them: none stand at an end.
class HtmlWriter {
 public:
  /// Valid UTF-8. Blanks are collapsed, what shows nothing is left out.
  void put(std::string_view text);

  void request(Break wanted);
  void end_line();  ///< for `<br>`: two of them make an empty line, as do more

  enum class Place { kNewLine, kSameLine };
  /// Line ends before the cell's text count only until here.
  void begin_cell(Place place);
  void end_row(Break wanted);

  void begin_item(std::string mark) { item_mark_ = std::move(mark); }
  void indent(int levels) { indentation_ += levels; }
  void quote(int levels) { quotes_ += levels; }
  void keep_blanks(int levels);  ///< as `<pre>` does
  [[nodiscard]] bool is_indented() const { return indentation_ > 0; }

  void begin_link() { link_start_.reset(); }
  /// Puts `url` behind the text since begin_link, if there is any and it says something else.
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
  std::size_t line_start_ = 0;  // behind its marks
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
