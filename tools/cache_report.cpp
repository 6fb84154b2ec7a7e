// inforeply-cache report: the statistics as a page of HTML in one file.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache_statistics.hpp"
#include "inforeply/html.hpp"
#include "report_charts.hpp"
#include "report_page.hpp"

namespace inforeply {
namespace {

std::string summary_of(const CacheStatistics& statistics) {
  const auto least = [](bool is_exact, std::uint64_t count) {
    return (is_exact ? "" : "≥ ") + std::to_string(count);
  };
  return summary_section(
      {{name_of_replies(statistics), std::to_string(statistics.replies)},
       {"Records", std::to_string(statistics.records)},
       {"Answered", std::to_string(statistics.answered)},
       {"Pending", std::to_string(statistics.pending)},
       {"Expired", std::to_string(statistics.expired)},
       {"Responders", least(statistics.responders_are_exact, statistics.responders)},
       {"Sender domains", least(statistics.domains_are_exact, statistics.domains)}});
}

std::string days_section(const CacheStatistics& statistics) {
  const auto figures = days_of(statistics);
  const ChartText text = {"days", "Replies by day",
                          "The last " + std::to_string(kShownDays) +
                              " days in UTC. A record counts on the day of its last reply."};
  return chart_section(text, column_chart(text, figures), table_of({"Day", "Replies"}, figures),
                       "full");
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
  return chart_section(text, area_chart(text, figures), table_of({"Up to", "Records"}, figures),
                       "full");
}

std::string frequency_section(const ChartText& text, const char* name,
                              const std::vector<Frequency>& frequencies) {
  std::vector<Figure> figures;
  Table table{{name, "Records", "Replies"}, {}};
  for (const auto& each : frequencies) {
    figures.push_back({each.name, each.replies});
    table.rows.push_back({each.name, std::to_string(each.records), std::to_string(each.replies)});
  }
  return chart_section(text, bar_chart(text, figures), table);
}

std::string ages_section(const CacheStatistics& statistics) {
  const auto figures = ages_of(statistics);
  const ChartText text = {"ages", "Age of entries",
                          "Records by the time since their last reply or reservation."};
  return chart_section(text, bar_chart(text, figures), table_of({"Age", "Records"}, figures));
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

std::string shadow_days_section(const CacheStatistics& shadow) {
  const auto figures = days_of(shadow);
  const ChartText text = {"shadow", "In shadow mode by day",
                          "Replies that would have been sent: " + std::to_string(shadow.replies) +
                              " in all, in " + counted(shadow.records, "record") + "."};
  return chart_section(text, column_chart(text, figures), table_of({"Day", "Would reply"}, figures),
                       "full");
}

std::string page_of(const CacheStatistics& statistics,
                    const std::optional<CacheStatistics>& shadow) {
  const std::string least = statistics.domains_are_exact
                                ? ""
                                : " There are too many domains to count them all: each figure is "
                                  "the least that it can be.";
  return html_page(
      {"Automatic replies", "Cache " + statistics.cache + " at", statistics.measured_at},
      summary_of(statistics) + days_section(statistics) +
          (shadow ? shadow_days_section(*shadow) : "") + growth_section(statistics) +
          frequency_section({"domains", "Top sender domains", "By replies sent." + least}, "Domain",
                            statistics.top_domains) +
          ages_section(statistics) +
          frequency_section({"responders", "Top responders", "By replies sent."}, "Responder",
                            statistics.top_responders) +
          (shadow ? frequency_section({"shadowed", "Top responders in shadow mode",
                                       "By replies that would have been sent."},
                                      "Responder", shadow->top_responders)
                  : "") +
          (statistics.file.is_known() ? file_section(statistics.file) : ""));
}

}  // namespace

ExitStatus write_report(const CacheRequest& request) {
  request.arguments(0, 0);
  const auto file = request.find("html");
  if (!file || file->empty()) usage_error("'report': --html FILE is needed");
  const auto statistics = gather_statistics(request, top_of(request));
  write_page(*file, page_of(statistics, gather_shadow_statistics(request, top_of(request))));
  return ExitStatus::kOk;
}

}  // namespace inforeply
