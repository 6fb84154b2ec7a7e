// Charts for a page of HTML: SVG that needs no script. Widths are in per cent and heights in
// pixels, so that a chart fits any window and its text stays as large as the page's.
#pragma once

#include <string>
#include <vector>

#include "figures.hpp"

namespace inforeply {

/// What a chart is for those who do not see it.
struct ChartText {
  std::string id;  ///< of letters alone, and no other chart's
  std::string title;
  std::string description;
};

/// A column for each value, the first and the last of which are named below.
std::string column_chart(const ChartText& text, const std::vector<Figure>& figures);

/// A bar below each name, in their order.
std::string bar_chart(const ChartText& text, const std::vector<Figure>& figures);

/// A line over an area.
std::string area_chart(const ChartText& text, const std::vector<Figure>& figures);

/// One bar of two parts that make a whole.
std::string share_chart(const ChartText& text, const Figure& part, const Figure& rest);

/// The cells of the first column are headings of their rows, the others numbers.
struct Table {
  std::vector<std::string> heading;
  std::vector<std::vector<std::string>> rows;
};
std::string html_table(const std::string& caption, const Table& table);

}  // namespace inforeply
