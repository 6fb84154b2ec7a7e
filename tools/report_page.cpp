#include "report_page.hpp"

#include <sys/stat.h>

#include "inforeply/file_replacement.hpp"
#include "inforeply/text.hpp"

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

}  // namespace

std::string html_page(const PageTitle& title, const std::string& sections) {
  const std::string time = format_utc(title.at);
  return "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
         // No scripts and nothing from elsewhere, even if a stranger's text got into the page as
         // HTML.
         "<meta http-equiv='Content-Security-Policy' "
         R"(content="default-src 'none'; style-src 'unsafe-inline'">)"
         "\n"
         "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
         "<meta name='color-scheme' content='light dark'>\n"
         "<title>" +
         escape_html(title.title) + "</title>\n<style>" + std::string(kStyle) +
         "</style>\n</head>\n<body>\n<header>\n<h1>" + escape_html(title.title) + "</h1>\n" +
         "<p class='soft'>" + escape_html(title.about) + " <time datetime='" + time + "'>" + time +
         "</time></p>\n</header>\n<main>\n" + sections +
         "</main>\n<footer>inforeply " INFOREPLY_VERSION "</footer>\n</body>\n</html>\n";
}

std::string chart_section(const ChartText& text, const std::string& chart, const Table& table,
                          const char* style) {
  return "<section class='" + std::string(style) + "' aria-labelledby='" + text.id +
         "-heading'>\n<h2 id='" + text.id + "-heading'>" + escape_html(text.title) +
         "</h2>\n<p class='soft'>" + escape_html(text.description) + "</p>\n<figure>\n" + chart +
         "</figure>\n<details><summary>As a table</summary>\n" + html_table(text.title, table) +
         "</details>\n</section>\n";
}

std::string summary_section(const std::vector<std::pair<std::string, std::string>>& figures) {
  std::string html =
      "<section class='full' aria-labelledby='summary-heading'>\n"
      "<h2 id='summary-heading'>Summary</h2>\n<dl class='figures'>\n";
  for (const auto& [name, value] : figures)
    html += "<div><dt>" + escape_html(name) + "</dt><dd>" + escape_html(value) + "</dd></div>\n";
  return html + "</dl>\n</section>\n";
}

Table table_of(std::vector<std::string> heading, const std::vector<Figure>& figures) {
  Table table{std::move(heading), {}};
  for (const auto& figure : figures)
    table.rows.push_back({figure.name, std::to_string(figure.number)});
  return table;
}

void write_page(const std::string& file, const std::string& page) {
  constexpr mode_t kReadableByAll = 0666;  // less what the umask takes away
  FileReplacement replacement(file, ".part", Fault::kOutput, kReadableByAll);
  replacement.write(page);
  replacement.take_place();
}

}  // namespace inforeply
