// inforeply-cache report: the statistics as a page of HTML in one file.

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cache_statistics.hpp"
#include "inforeply/file_replacement.hpp"
#include "inforeply/html.hpp"
#include "report_charts.hpp"

namespace inforeply {
namespace {

// In the light and the dark scheme text has a contrast of at least 5 to 1 with its ground, and the
// shapes in a chart of at least 3 to 1 (WCAG 2.1, 1.4.3 and 1.4.11).
constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --text: #1c2128; --soft: #5a626d;
  --edge: #d9dde3; --bar: #2b6cb0; --area: #2b6cb026; --track: #e7eaef; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1318; --card: #181d24; --text: #e8ecf1;
  --soft: #a3adb9; --edge: #2f3742; --bar: #63a4ec; --area: #63a4ec33; --track: #29313b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, "Liberation Sans", Arial, sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 0 0 4px; font-size: 1.1rem; line-height: 1.3; }
p { margin: 4px 0 12px; }
.soft, footer { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
main { display: grid; gap: 16px; grid-template-columns: repeat(2, minmax(0, 1fr)); padding-top: 16px; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 10px;
  padding: 18px; min-width: 0; }
.full { grid-column: 1 / -1; }
.figures { display: grid; gap: 14px 20px; margin: 12px 0 0;
  grid-template-columns: repeat(auto-fit, minmax(125px, 1fr)); }
.figures dt { color: var(--soft); font-size: .875rem; }
.figures dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.3;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
time { white-space: nowrap; }
figure { margin: 8px 0 0; }
svg { display: block; max-width: 100%; }
svg text { fill: var(--text); font-size: 14px; }
svg .mark { fill: var(--soft); font-size: 12px; }
svg .value { font-variant-numeric: tabular-nums; font-weight: 600; }
svg .grid { stroke: var(--edge); }
svg .base { stroke: var(--soft); }
svg .bar { fill: var(--bar); }
svg .track { fill: var(--track); }
svg .area { fill: var(--area); }
svg .line { fill: none; stroke: var(--bar); stroke-width: 2; stroke-linejoin: round; }
details { margin-top: 12px; }
summary { color: var(--soft); cursor: pointer; font-size: .875rem; }
summary:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; margin-top: 8px; width: 100%; }
caption { color: var(--soft); padding-bottom: 4px; text-align: left; }
th, td { border-bottom: 1px solid var(--edge); padding: 5px 12px 5px 0; text-align: right;
  vertical-align: top; }
td { font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child { overflow-wrap: anywhere; text-align: left; }
tbody th { font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
footer { padding-bottom: 28px; padding-top: 16px; }
@media (max-width: 760px) { main { grid-template-columns: minmax(0, 1fr); } }
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --soft: #444; --edge: #bbb; --bar: #2b6cb0;
    --area: #2b6cb026; --track: #e7eaef; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { break-inside: avoid; }
  details { display: none; }
}
)";

/// A section with a chart and its numbers in a table that unfolds.
std::string section(const ChartText& text, const std::string& chart, const Table& table,
                    const char* style = "") {
  return "<section class='" + std::string(style) + "' aria-labelledby='" + text.id +
         "-heading'>\n<h2 id='" + text.id + "-heading'>" + escape_html(text.title) +
         "</h2>\n<p class='soft'>" + escape_html(text.description) + "</p>\n<figure>\n" + chart +
         "</figure>\n<details><summary>As a table</summary>\n" + html_table(text.title, table) +
         "</details>\n</section>\n";
}

Table table_of(std::vector<std::string> heading, const std::vector<Figure>& figures) {
  Table table{std::move(heading), {}};
  for (const auto& figure : figures)
    table.rows.push_back({figure.name, std::to_string(figure.number)});
  return table;
}

std::string summary_of(const CacheStatistics& statistics) {
  std::string html =
      "<section class='full' aria-labelledby='summary-heading'>\n"
      "<h2 id='summary-heading'>Summary</h2>\n<dl class='figures'>\n";
  const auto figure = [&](const char* name, const std::string& value) {
    html += "<div><dt>" + std::string(name) + "</dt><dd>" + escape_html(value) + "</dd></div>\n";
  };
  figure("Replies sent", std::to_string(statistics.replies));
  figure("Records", std::to_string(statistics.records));
  figure("Answered", std::to_string(statistics.answered));
  figure("Pending", std::to_string(statistics.pending));
  figure("Expired", std::to_string(statistics.expired));
  figure("Responders",
         (statistics.responders_are_exact ? "" : "≥ ") + std::to_string(statistics.responders));
  figure("Sender domains",
         (statistics.domains_are_exact ? "" : "≥ ") + std::to_string(statistics.domains));
  return html + "</dl>\n</section>\n";
}

std::string days_section(const CacheStatistics& statistics) {
  const auto figures = days_of(statistics);
  const ChartText text = {"days", "Replies by day",
                          "The last " + std::to_string(kShownDays) +
                              " days in UTC. A record counts on the day of its last reply."};
  return section(text, column_chart(text, figures), table_of({"Day", "Replies"}, figures), "full");
}

/// Begins with the first day that has a record, at most as long ago as `by_day` goes back.
std::string growth_section(const CacheStatistics& statistics) {
  std::size_t days = statistics.by_day.size();
  while (statistics.earlier == 0 && days > kShownDays && statistics.by_day.at(days - 1) == 0)
    --days;
  std::vector<Figure> figures;
  std::uint64_t sum = statistics.earlier;
  while (days-- > 0) {
    sum += statistics.by_day.at(days);
    figures.push_back({day_before(statistics, days), sum});
  }
  const ChartText text = {
      "growth", "Growth",
      "Answered records in the cache by the day of their last reply, added up."};
  return section(text, area_chart(text, figures), table_of({"Up to", "Records"}, figures), "full");
}

std::string frequency_section(const ChartText& text, const char* name,
                              const std::vector<Frequency>& frequencies) {
  std::vector<Figure> figures;
  Table table{{name, "Records", "Replies"}, {}};
  for (const auto& each : frequencies) {
    figures.push_back({each.name, each.replies});
    table.rows.push_back({each.name, std::to_string(each.records), std::to_string(each.replies)});
  }
  return section(text, bar_chart(text, figures), table);
}

std::string ages_section(const CacheStatistics& statistics) {
  const auto figures = ages_of(statistics);
  const ChartText text = {"ages", "Age of entries",
                          "Records by the time since their last reply or reservation."};
  return section(text, bar_chart(text, figures), table_of({"Age", "Records"}, figures));
}

std::string file_section(const CacheFileSize& file) {
  const ChartText text = {
      "file", "The file",
      format_size(file.octets) + " on disk, " + format_size(file.map_octets) +
          " at most, in pages of " + format_size(file.page_octets) +
          ". Free pages are used again. Readers at work: " + std::to_string(file.readers) + " of " +
          std::to_string(file.max_readers) + " at most."};
  Table table{{"Table", "Entries", "Pages", "Depth"}, {}};
  for (const auto& each : file.tables) {
    table.rows.push_back({each.name, std::to_string(each.entries), std::to_string(each.pages),
                          std::to_string(each.depth)});
  }
  return "<section aria-labelledby='file-heading'>\n<h2 id='file-heading'>" + text.title +
         "</h2>\n<p class='soft'>" + escape_html(text.description) + "</p>\n<figure>\n" +
         share_chart(text, {"used pages", file.used_pages}, {"free pages", file.free_pages}) +
         "</figure>\n" + html_table("Tables in it", table) + "</section>\n";
}

std::string page_of(const CacheStatistics& statistics) {
  const std::string least = statistics.domains_are_exact
                                ? ""
                                : " There are too many domains to count them all: each figure is "
                                  "the least that it can be.";
  return "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
         // No scripts and nothing from elsewhere, even if a stranger's text got into the page as
         // HTML.
         "<meta http-equiv='Content-Security-Policy' "
         R"(content="default-src 'none'; style-src 'unsafe-inline'">)"
         "\n"
         "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
         "<meta name='color-scheme' content='light dark'>\n"
         "<title>Automatic replies</title>\n<style>" +
         std::string(kStyle) + "</style>\n</head>\n<body>\n<header>\n<h1>Automatic replies</h1>\n" +
         "<p class='soft'>Cache " + escape_html(statistics.cache) + " at <time datetime='" +
         format_utc(statistics.measured_at) + "'>" + format_utc(statistics.measured_at) +
         "</time></p>\n</header>\n<main>\n" + summary_of(statistics) + days_section(statistics) +
         growth_section(statistics) +
         frequency_section({"domains", "Top sender domains", "By replies sent." + least}, "Domain",
                           statistics.top_domains) +
         ages_section(statistics) +
         frequency_section({"responders", "Top responders", "By replies sent."}, "Responder",
                           statistics.top_responders) +
         (statistics.file.is_known() ? file_section(statistics.file) : "") +
         "</main>\n<footer>inforeply " INFOREPLY_VERSION "</footer>\n</body>\n</html>\n";
}

}  // namespace

ExitStatus write_report(const CacheRequest& request) {
  constexpr mode_t kReadableByAll = 0666;  // less what the umask takes away
  request.arguments(0, 0);
  const auto file = request.find("html");
  if (!file || file->empty()) usage_error("'report': --html FILE is needed");
  const auto statistics = gather_statistics(request, top_of(request));
  FileReplacement page(*file, ".part", Fault::kOutput, kReadableByAll);
  page.write(page_of(statistics));
  page.take_place();
  return ExitStatus::kOk;
}

}  // namespace inforeply
