#include "replay_report.hpp"

#include <algorithm>
#include <utility>

#include "inforeply/text.hpp"
#include "report_charts.hpp"
#include "report_page.hpp"
#include "tool.hpp"

namespace inforeply {
namespace {

using std::chrono::days;

constexpr std::size_t kMaxAnsweredShown = 1000;
constexpr std::size_t kTopDomains = 10;
constexpr std::size_t kFewestColumns = 14;  // or one column would fill the chart
constexpr std::size_t kMostColumns = 62;

/// A column for each day, or for as many days as keeps the columns few.
std::vector<Figure> columns_of(const std::map<std::chrono::sys_days, std::uint64_t>& by_day) {
  if (by_day.empty()) return {};
  const auto first = by_day.begin()->first;
  const auto count = std::max(
      kFewestColumns, static_cast<std::size_t>((by_day.rbegin()->first - first).count()) + 1);
  const auto step = (count + kMostColumns - 1) / kMostColumns;
  std::vector<Figure> figures((count + step - 1) / step);
  for (std::size_t i = 0; i < figures.size(); ++i)
    figures[i].name = format_day(first + days{i * step});
  for (const auto& [day, replies] : by_day)
    figures[static_cast<std::size_t>((day - first).count()) / step].number += replies;
  return figures;
}

std::vector<Figure> most_frequent(const std::map<std::string, std::uint64_t>& counts) {
  std::vector<Figure> figures;
  figures.reserve(counts.size());
  for (const auto& [name, count] : counts)
    figures.push_back({name, count});
  std::stable_sort(figures.begin(), figures.end(),
                   [](const Figure& a, const Figure& b) { return a.number > b.number; });
  return figures;
}

}  // namespace

void ReplayFigures::add(const ReplayedMessage& replayed) {
  const auto& result = replayed.result;
  ++messages_;
  if (result.action != ReplayAction::kReply) {
    ++reasons_[result.reason];
    if (result.action == ReplayAction::kDefer && deferred_++ == 0) first_trouble_ = result.detail;
    return;
  }
  ++replies_;
  ++replies_by_section_[describe(result)];
  ++replies_by_day_[std::chrono::floor<days>(replayed.message.date)];
  domains_.add(to_lower_ascii(domain_of(replayed.sender)), 1);
  if (answered_.size() < kMaxAnsweredShown) {
    answered_.push_back(
        {replayed.message.date, replayed.sender, replayed.recipient, describe(result)});
  }
}

std::vector<Figure> ReplayFigures::results() const {
  auto figures = most_frequent(replies_by_section_);
  const auto reasons = most_frequent(reasons_);
  figures.insert(figures.end(), reasons.begin(), reasons.end());
  return figures;
}

std::string ReplayFigures::html(std::uint64_t people) const {
  const auto columns = columns_of(replies_by_day_);
  const bool are_days =
      columns.size() < 2 || columns[1].name == format_day(replies_by_day_.begin()->first + days{1});
  const ChartText by_time = {"days", "Replies over time",
                             are_days ? "By the dates of the messages, in UTC."
                                      : "By the dates of the messages, in UTC; a column is named "
                                        "after its first day."};
  const ChartText by_reason = {"reasons", "What came of the messages",
                               "Replies by the section that answers, then why the others are not "
                               "answered."};
  const ChartText by_domain = {"domains", "Most answered domains", "Of the senders."};
  std::vector<Figure> domains;
  for (const auto& domain : domains_.top(kTopDomains))
    domains.push_back({domain.name, domain.replies});
  Table answered{{"Sender", "Date", "Recipient", "Answered with"}, {}};
  for (const auto& each : answered_)
    answered.rows.push_back({each.sender, format_minute(each.date, {}), each.recipient, each.what});
  const std::string of_all = replies_ > answered_.size()
                                 ? " The first " + std::to_string(answered_.size()) + " of them."
                                 : "";
  const std::string summary =
      summary_section({{"Messages", std::to_string(messages_)},
                       {"Would be answered", std::to_string(replies_)},
                       {"People answered", std::to_string(people)},
                       {"Not answered", std::to_string(messages_ - replies_)}});
  const std::string reasons =
      chart_section(by_reason, bar_chart(by_reason, results()),
                    table_of({"Result", "Messages"}, results()), replies_ == 0 ? "full" : "");
  const std::string of_replies =
      chart_section(by_domain, bar_chart(by_domain, domains),
                    table_of({"Domain", "Replies"}, domains)) +
      "<section class='full' aria-labelledby='answered-heading'>\n"
      "<h2 id='answered-heading'>Who would be answered</h2>\n<p class='soft'>In "
      "the order of the messages." +
      of_all + "</p>\n" + html_table("Answered", answered) + "</section>\n";
  const std::string over_time = chart_section(by_time, column_chart(by_time, columns),
                                              table_of({"From", "Replies"}, columns), "full");
  return html_page(
      {"Replay of automatic replies", "Nothing was sent. Made at", SystemClock().now()},
      replies_ == 0 ? summary + reasons : summary + over_time + reasons + of_replies);
}

}  // namespace inforeply
