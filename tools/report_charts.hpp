// Charts for a page of HTML: SVG without scripts. Widths are in per cent and heights in pixels, so
// a chart fits any window, and its text is as large as the page's.
#pragma once

#include <string>
#include <vector>

#include "figures.hpp"

namespace inforeply {

/// A chart in words, for those who do not see it.
struct ChartText {
  std::string id;  ///< letters only; each chart of a page has its own
  std::string title;
  std::string description;
};

/// A column for each figure; the first and the last have their names below.
std::string column_chart(const ChartText& text, const std::vector<Figure>& figures);

/// For each figure its name, its number and a bar below.
std::string bar_chart(const ChartText& text, const std::vector<Figure>& figures);

/// A line with the area below it; the first and the last figure have their names.
std::string area_chart(const ChartText& text, const std::vector<Figure>& figures);

/// A bar that shows which share of both figures `part` is.
std::string share_chart(const ChartText& text, const Figure& part, const Figure& rest);

/// The first cell of a row is its heading, the others are numbers.
struct Table {
  std::vector<std::string> heading;
  std::vector<std::vector<std::string>> rows;
};
std::string html_table(const std::string& caption, const Table& table);

}  // namespace inforeply
