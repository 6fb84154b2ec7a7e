// inforeply-cache stats.

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache_statistics.hpp"
#include "prometheus.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

using Json = nlohmann::ordered_json;

Json list_of(const std::vector<Frequency>& frequencies, const char* name) {
  Json list = Json::array();
  for (const auto& each : frequencies) {
    list.push_back({{name, each.name}, {"records", each.records}, {"replies", each.replies}});
  }
  return list;
}

Json file_of(const CacheFileSize& file) {
  Json json = {{"octets", file.octets},           {"page_octets", file.page_octets},
               {"used_pages", file.used_pages},   {"free_pages", file.free_pages},
               {"map_octets", file.map_octets},   {"readers", file.readers},
               {"max_readers", file.max_readers}, {"tables", Json::array()}};
  for (const auto& table : file.tables) {
    json["tables"].push_back({{"name", table.name},
                              {"entries", table.entries},
                              {"pages", table.pages},
                              {"depth", table.depth}});
  }
  return json;
}

Json object_of(const CacheStatistics& statistics) {
  Json json;
  json["cache"] = statistics.cache;
  json["measured_at"] = format_utc(statistics.measured_at);
  json["records"] = {{"total", statistics.records},
                     {"answered", statistics.answered},
                     {"pending", statistics.pending},
                     {"expired", statistics.expired}};
  json["replies"] = statistics.replies;
  json["responders"] = {{"count", statistics.responders},
                        {"exact", statistics.responders_are_exact},
                        {"top", list_of(statistics.top_responders, "responder")}};
  json["sender_domains"] = {{"count", statistics.domains},
                            {"exact", statistics.domains_are_exact},
                            {"top", list_of(statistics.top_domains, "domain")}};
  json["by_day"] = Json::array();
  for (const auto& day : days_of(statistics))
    json["by_day"].push_back({{"day", day.name}, {"answered", day.number}});
  json["ages"] = Json::array();
  for (std::size_t i = 0; i < kAgeGroups.size(); ++i) {
    json["ages"].push_back({{"age", kAgeGroups.at(i).name}, {"records", statistics.ages.at(i)}});
  }
  json["from_the_future"] = statistics.from_the_future;
  json["file"] = statistics.file.is_known() ? Json(file_of(statistics.file)) : Json();
  return json;
}

constexpr std::size_t kMaxColumns = 200;  // longer bars say no more
constexpr std::size_t kLeastNameColumns = 8;
constexpr std::size_t kMostNameColumns = 40;
constexpr std::size_t kLeastBarColumns = 6;
constexpr std::size_t kNumberColumns = 9;

struct Row {
  std::string name;
  std::vector<std::uint64_t> numbers;  ///< the bar shows the last
};

/// Columns of figures, with bars if standard output is a terminal.
class Picture {
 public:
  /// `columns` are the headings of the numbers; without any the title is cut nowhere.
  void rows(const std::string& title, const std::vector<const char*>& columns,
            const std::vector<Row>& rows) const {
    const std::size_t numbers = rows.empty() ? columns.size() : rows.front().numbers.size();
    const std::size_t taken = numbers * (kNumberColumns + 1) + 2;
    const auto name_columns = measure_names(columns.empty() ? "" : title, rows, taken);
    std::uint64_t highest = 0;
    for (const auto& row : rows)
      highest = std::max(highest, row.numbers.back());

    std::string head =
        in_style(columns.empty() ? title : left_align(title, name_columns + 2), Style::kBold);
    for (const auto* column : columns)
      head += " " + right_align(column, kNumberColumns);
    print("\n" + head + "\n");
    for (const auto& row : rows) {
      std::string line = "  " + left_align(to_single_line(row.name), name_columns);
      for (const auto number : row.numbers)
        line += " " + right_align(std::to_string(number), kNumberColumns);
      print(line + bar(share_of(row.numbers.back(), highest), name_columns + taken + 2) + "\n");
    }
  }

 private:
  /// The columns of the widest name. The title begins two columns before them.
  [[nodiscard]] std::size_t measure_names(const std::string& title, const std::vector<Row>& rows,
                                          std::size_t taken) const {
    std::size_t widest = title.size() - std::min<std::size_t>(title.size(), 2);
    for (const auto& row : rows)
      widest = std::max(widest, display_width(to_single_line(row.name)));
    if (!terminal_) return widest;
    const auto room = std::max(columns_, taken + kLeastNameColumns) - taken;
    return std::min({widest, kMostNameColumns, room});
  }

  [[nodiscard]] std::string in_style(const std::string& text, Style style) const {
    return terminal_ ? terminal_->styled(text, style) : text;
  }

  /// Fills its share of the columns that the line has left; what is not zero is never empty. Block
  /// elements make its length exact to an eighth of a column.
  [[nodiscard]] std::string bar(double share, std::size_t taken) const {
    static constexpr std::array kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (!terminal_ || share == 0 || columns_ < taken + kLeastBarColumns) return {};
    const auto room = static_cast<double>((columns_ - taken) * kEighths.size());
    const auto eighths = std::max<std::size_t>(static_cast<std::size_t>(share * room), 1);
    std::string blocks;
    for (std::size_t i = 0; i < eighths / kEighths.size(); ++i)
      blocks += terminal_->has_blocks ? "█" : "#";
    if (terminal_->has_blocks) blocks += kEighths.at(eighths % kEighths.size());
    return "  " + in_style(blocks, Style::kCyan);
  }

  std::optional<Terminal> terminal_ = find_terminal();
  std::size_t columns_ = terminal_ ? std::min(terminal_->columns, kMaxColumns) : 0;
};

void print_line(const std::string& name, const std::string& value) {
  print(left_align(name, 18) + value + "\n");
}

void print_totals(const CacheStatistics& statistics, const std::optional<CacheStatistics>& shadow) {
  const auto number = [](const std::string& name, std::uint64_t value, const char* note = "") {
    print_line(name, right_align(std::to_string(value), kNumberColumns) + note);
  };
  print_line("Cache", to_single_line(statistics.cache));
  print_line("Measured at", format_utc(statistics.measured_at));
  print("\n");
  number("Records", statistics.records);
  number("  answered", statistics.answered);
  number("  pending", statistics.pending);
  number("  expired", statistics.expired, "  of these, not purged yet");
  number(name_of_replies(statistics), statistics.replies);
  if (!shadow) return;
  number("In shadow mode", shadow->replies, "  would have been sent");
  number("  records", shadow->records);
}

std::vector<Row> rows_of(const std::vector<Frequency>& frequencies) {
  std::vector<Row> rows;
  rows.reserve(frequencies.size());
  for (const auto& each : frequencies)
    rows.push_back({each.name, {each.records, each.replies}});
  return rows;
}

std::vector<Row> rows_of(const std::vector<Figure>& figures) {
  std::vector<Row> rows;
  rows.reserve(figures.size());
  for (const auto& figure : figures)
    rows.push_back({figure.name, {figure.number}});
  return rows;
}

void print_file(const Picture& picture, const CacheFileSize& file) {
  picture.rows("File", {}, {});
  print_line("  size", format_size(file.octets) + " (" + std::to_string(file.octets) + " octets)");
  print_line("  used pages", std::to_string(file.used_pages) + " of " +
                                 format_size(file.page_octets) + ", " +
                                 std::to_string(file.free_pages) + " free");
  print_line("  room", format_size(file.map_octets));
  print_line("  readers", std::to_string(file.readers) + " of " + std::to_string(file.max_readers));
  std::vector<Row> rows;
  for (const auto& table : file.tables)
    rows.push_back({table.name, {table.depth, table.entries, table.pages}});
  picture.rows("Tables", {"DEPTH", "ENTRIES", "PAGES"}, rows);
}

void print_text(const CacheStatistics& statistics, const std::optional<CacheStatistics>& shadow) {
  const Picture picture;
  print_totals(statistics, shadow);
  const auto print_names = [&](const std::string& title, std::uint64_t count, bool are_exact,
                               const std::vector<Frequency>& top) {
    picture.rows(title + ": " + (are_exact ? "" : "at least ") + std::to_string(count),
                 {"RECORDS", "REPLIES"}, rows_of(top));
    if (!are_exact) {
      print("  Too many to count them all: each figure is the least that it can be.\n");
    }
  };
  print_names("Responders", statistics.responders, statistics.responders_are_exact,
              statistics.top_responders);
  print_names("Sender domains", statistics.domains, statistics.domains_are_exact,
              statistics.top_domains);
  picture.rows("Replies by day (UTC; of each record, the last one)", {},
               rows_of(days_of(statistics)));
  if (shadow) {
    print_names("Responders in shadow mode", shadow->responders, shadow->responders_are_exact,
                shadow->top_responders);
    picture.rows("In shadow mode by day (the same)", {}, rows_of(days_of(*shadow)));
  }
  picture.rows("Age", {"RECORDS"}, rows_of(ages_of(statistics)));
  if (statistics.file.is_known()) print_file(picture, statistics.file);
}

}  // namespace

ExitStatus show_statistics(const CacheRequest& request) {
  request.arguments(0, 0);
  static constexpr std::array<std::string_view, 3> kFormats = {"table", "json", "prometheus"};
  const auto format = request.format(kFormats);
  const auto statistics = gather_statistics(request, top_of(request));
  const auto shadow = gather_shadow_statistics(request, top_of(request));
  if (format == "json") {
    auto object = object_of(statistics);
    object["shadow"] = shadow ? object_of(*shadow) : Json();
    print(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  } else if (format == "prometheus") {
    std::vector<CacheStatistics> memories = {statistics};
    if (shadow) memories.push_back(*shadow);
    print(to_prometheus(memories));
  } else {
    print_text(statistics, shadow);
  }
  return ExitStatus::kOk;
}

}  // namespace inforeply
