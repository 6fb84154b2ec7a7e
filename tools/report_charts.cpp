#include "report_charts.hpp"

#include <algorithm>
#include <cstdint>

#include "inforeply/html.hpp"
#include "inforeply/text.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

constexpr double kPlotTop = 22;  // pixels
constexpr double kPlotHeight = 140;
constexpr double kPlotBottom = kPlotTop + kPlotHeight;
constexpr double kChartHeight = kPlotBottom + 22;  // with the names below the plot
constexpr double kBarRow = 38;
constexpr std::size_t kNameColumns = 34;  // fits a phone's width beside a number

/// With two decimals.
std::string number(double value) {
  return formatted("%.2f", value);
}
std::string percent(double share) {
  return number(100 * share) + "%";
}

std::uint64_t highest_of(const std::vector<Figure>& figures) {
  std::uint64_t highest = 0;
  for (const auto& figure : figures)
    highest = std::max(highest, figure.number);
  return highest;
}

/// The least round number that is not below `value`: 1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 30, 40, 50,
/// …
std::uint64_t round_up(std::uint64_t value) {
  for (const std::uint64_t few : {1U, 2U, 4U, 6U, 8U}) {
    if (value <= few) return few;
  }
  for (std::uint64_t step = 1; step < UINT64_MAX / 1000; step *= 10) {
    for (const std::uint64_t factor : {10U, 12U, 16U, 20U, 24U, 30U, 40U, 50U, 60U, 80U}) {
      if (value <= step * factor) return step * factor;
    }
  }
  return value;
}

std::string svg(const ChartText& text, double height, const std::string& content) {
  return "<svg role='img' aria-labelledby='" + text.id + "-title " + text.id +
         "-desc' width='100%' height='" + number(height) +
         "' xmlns='http://www.w3.org/2000/svg'>\n<title id='" + text.id + "-title'>" +
         escape_html(text.title) + "</title>\n<desc id='" + text.id + "-desc'>" +
         escape_html(text.description) + "</desc>\n" + content + "</svg>\n";
}

enum class Anchor { kStart, kEnd };

std::string label(std::string_view style, double x, double y, Anchor anchor,
                  std::string_view text) {
  return "<text class='" + std::string(style) + "' x='" + percent(x) + "' y='" + number(y) + "'" +
         (anchor == Anchor::kEnd ? " text-anchor='end'" : "") + ">" + escape_html(text) +
         "</text>\n";
}

std::string rectangle(std::string_view style, double x, double y, double width, double height,
                      std::string_view tip) {
  return "<rect class='" + std::string(style) + "' x='" + percent(x) + "' y='" + number(y) +
         "' width='" + percent(width) + "' height='" + number(height) + "' rx='2'><title>" +
         escape_html(tip) + "</title></rect>\n";
}

/// Lines at zero, a half and the whole; the latter two have their numbers.
std::string grid(std::uint64_t scale) {
  std::string lines;
  const auto line = [&](double share, const std::string& mark) {
    const double y = kPlotBottom - share * kPlotHeight;
    const std::string height = number(y);
    lines.append("<line class='").append(share == 0 ? "base" : "grid");
    lines.append("' x1='0' x2='100%' y1='" + height + "' y2='" + height + "'/>\n");
    if (!mark.empty()) lines += label("mark", 0, y - 5, Anchor::kStart, mark);
  };
  line(1, std::to_string(scale));
  if (scale % 2 == 0) line(0.5, std::to_string(scale / 2));
  line(0, "");
  return lines;
}

std::string ends(const std::vector<Figure>& figures) {
  if (figures.empty()) return {};
  return label("mark", 0, kPlotBottom + 17, Anchor::kStart, figures.front().name) +
         label("mark", 1, kPlotBottom + 17, Anchor::kEnd, figures.back().name);
}

std::string tip_of(const Figure& figure) {
  return figure.name + ": " + std::to_string(figure.number);
}

}  // namespace

std::string column_chart(const ChartText& text, const std::vector<Figure>& figures) {
  constexpr double kLeast = 2;  // pixels: a single one is seen, too
  const auto scale = round_up(highest_of(figures));
  std::string content = grid(scale);
  const double step = 1.0 / static_cast<double>(std::max<std::size_t>(figures.size(), 1));
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (figures[i].number == 0) continue;
    const double height = std::max(share_of(figures[i].number, scale) * kPlotHeight, kLeast);
    content += rectangle("bar", (static_cast<double>(i) + 0.12) * step, kPlotBottom - height,
                         0.76 * step, height, tip_of(figures[i]));
  }
  return svg(text, kChartHeight, content + ends(figures));
}

std::string bar_chart(const ChartText& text, const std::vector<Figure>& figures) {
  constexpr double kLeast = 0.004;
  const auto highest = highest_of(figures);
  std::string content;
  double y = 0;
  for (const auto& figure : figures) {
    content +=
        "<g>\n" +
        label("name", 0, y + 15, Anchor::kStart, fit(to_single_line(figure.name), kNameColumns)) +
        label("value", 1, y + 15, Anchor::kEnd, std::to_string(figure.number)) +
        rectangle("track", 0, y + 21, 1, 8, tip_of(figure));
    if (figure.number > 0) {
      content += rectangle("bar", 0, y + 21, std::max(share_of(figure.number, highest), kLeast), 8,
                           tip_of(figure));
    }
    content += "</g>\n";
    y += kBarRow;
  }
  return svg(text, std::max(y, kBarRow), content);
}

std::string area_chart(const ChartText& text, const std::vector<Figure>& figures) {
  const auto scale = round_up(highest_of(figures));
  std::string points;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    points += (i == 0 ? "M" : "L") + std::to_string(i) + " " +
              number(kPlotHeight - share_of(figures[i].number, scale) * kPlotHeight);
  }
  if (figures.size() == 1) points += "L1 " + points.substr(3);
  // Paths take no percentages: this picture is stretched to the width, but not the line's own
  // width.
  const double width = static_cast<double>(std::max<std::size_t>(figures.size(), 2) - 1);
  const std::string content =
      grid(scale) + "<svg x='0' y='" + number(kPlotTop) + "' width='100%' height='" +
      number(kPlotHeight) + "' viewBox='0 0 " + number(width) + " " + number(kPlotHeight) +
      "' preserveAspectRatio='none' overflow='visible'>\n<path class='area' d='" + points + "L" +
      number(width) + " " + number(kPlotHeight) + "L0 " + number(kPlotHeight) +
      "Z'/>\n<path class='line' vector-effect='non-scaling-stroke' d='" + points + "'/>\n</svg>\n";
  return svg(text, kChartHeight, figures.empty() ? grid(scale) : content + ends(figures));
}

std::string share_chart(const ChartText& text, const Figure& part, const Figure& rest) {
  constexpr double kGap = 0.004;
  const double share = share_of(part.number, part.number + rest.number);
  std::string content = label("name", 0, 15, Anchor::kStart, tip_of(part)) +
                        label("name", 1, 15, Anchor::kEnd, tip_of(rest)) +
                        rectangle("track", 0, 23, 1, 14, tip_of(rest));
  if (part.number > 0) {
    content += rectangle("bar", 0, 23, std::max(share - (rest.number > 0 ? kGap : 0), kGap), 14,
                         tip_of(part));
  }
  return svg(text, 44, content);
}

std::string html_table(const std::string& caption, const Table& table) {
  std::string html =
      "<div class='wide'><table>\n<caption>" + escape_html(caption) + "</caption>\n<thead><tr>";
  for (const auto& cell : table.heading)
    html += "<th scope='col'>" + escape_html(cell) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      html += i == 0 ? "<th scope='row'><bdi>" + escape_html(row[i]) + "</bdi></th>"
                     : "<td>" + escape_html(row[i]) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

}  // namespace inforeply
