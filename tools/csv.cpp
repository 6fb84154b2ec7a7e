#include "csv.hpp"

namespace inforeply {

std::vector<std::string> take_csv_record(std::string_view& text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    const bool is_doubled = quoted && c == '"' && text.starts_with('"');
    if (is_doubled) text.remove_prefix(1);
    if (quoted && c == '"' && !is_doubled) {
      quoted = false;
      if (text.starts_with("\r\n")) text.remove_prefix(1);
      if (!text.empty() && text.front() != ',' && text.front() != '\n') {
        throw BadCsv("text behind a closing quote");
      }
    } else if (!quoted && c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
    } else if (!quoted && c == '\n') {
      if (fields.back().ends_with('\r')) fields.back().pop_back();
      return fields;
    } else {
      fields.back() += c;
    }
  }
  if (quoted) throw BadCsv("a quote is not closed");
  return fields;
}

}  // namespace inforeply
