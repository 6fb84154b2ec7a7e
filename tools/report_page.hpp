// A page of HTML in one file: no scripts, nothing from elsewhere, in the light and the dark scheme.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "figures.hpp"
#include "inforeply/clock.hpp"
#include "report_charts.hpp"

namespace inforeply {

struct PageTitle {
  std::string title;
  std::string about;  ///< a line of plain text before the time
  Time at;
};

/// The whole page; `sections` is HTML.
std::string html_page(const PageTitle& title, const std::string& sections);

/// A section with a chart and its numbers in a table that unfolds. Style `full`: as wide as the
/// page.
std::string chart_section(const ChartText& text, const std::string& chart, const Table& table,
                          const char* style = "");

/// A section of the page's main figures, by name.
std::string summary_section(const std::vector<std::pair<std::string, std::string>>& figures);

Table table_of(std::vector<std::string> heading, const std::vector<Figure>& figures);

/// Replaces the file, which all may read whom the umask lets. Throws Error (kOutput).
void write_page(const std::string& file, const std::string& page);

}  // namespace inforeply
