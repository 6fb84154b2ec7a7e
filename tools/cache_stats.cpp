// inforeply-cache stats.

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "cache_statistics.hpp"
#include "drawing_area.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

using Json = nlohmann::ordered_json;

// --- JSON ---

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

std::string to_json(const CacheStatistics& statistics) {
  Json json;
  json["cache"] = statistics.cache;
  json["measured_at"] = format_utc(statistics.measured_at);
  json["records"] = {{"total", statistics.records},
                     {"answered", statistics.answered},
                     {"pending", statistics.pending},
                     {"expired", statistics.expired}};
  json["replies"] = statistics.replies;
  json["responders"] = {{"count", statistics.responders},
                        {"top", list_of(statistics.top_responders, "responder")}};
  json["sender_domains"] = {{"count", statistics.domains},
                            {"exact", statistics.domains_are_exact},
                            {"top", list_of(statistics.top_domains, "domain")}};
  json["by_day"] = Json::array();
  for (std::size_t days = kShownDays; days-- > 0;) {
    json["by_day"].push_back(
        {{"day", day_before(statistics, days)}, {"answered", statistics.by_day.at(days)}});
  }
  json["ages"] = Json::array();
  for (std::size_t i = 0; i < kAgeGroups.size(); ++i) {
    json["ages"].push_back({{"age", kAgeGroups.at(i).name}, {"records", statistics.ages.at(i)}});
  }
  json["from_the_future"] = statistics.from_the_future;
  json["file"] = file_of(statistics.file);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// --- text ---

constexpr std::size_t kMostNameColumns = 40;
constexpr std::size_t kLeastBarColumns = 6;
constexpr std::size_t kNumberColumns = 9;
constexpr std::size_t kChartRows = 8;
constexpr std::size_t kEighths = 8;

constexpr std::array<const char*, kEighths + 1> kRightwards = {"",  "▏", "▎", "▍", "▌",
                                                               "▋", "▊", "▉", "█"};
constexpr std::array<const char*, kEighths + 1> kUpwards = {" ", "▁", "▂", "▃", "▄",
                                                            "▅", "▆", "▇", "█"};

struct Row {
  std::string name;
  std::vector<std::uint64_t> numbers;  ///< the last is the bar's
};

/// Draws where it is a terminal, and writes columns alone elsewhere.
class Picture {
 public:
  explicit Picture(const DrawingArea& terminal) : terminal_(terminal) {}

  void heading(const std::string& title) const { print("\n" + in_style("1", title) + "\n"); }

  void rows(const std::string& title, const std::vector<std::string>& columns,
            std::span<const Row> rows) const {
    std::size_t name_columns =
        display_width(title) - std::min<std::size_t>(display_width(title), 2);
    std::uint64_t highest = 0;
    for (const auto& row : rows) {
      name_columns = std::max(name_columns, display_width(to_single_line(row.name)));
      highest = std::max(highest, row.numbers.back());
    }
    const std::size_t numbers = columns.size() * (kNumberColumns + 1);
    if (terminal_.is_terminal) {
      const std::size_t most = terminal_.columns - std::min(terminal_.columns, numbers + 2);
      name_columns = std::min({name_columns, kMostNameColumns, most});
    }

    std::string head;
    for (const auto& column : columns)
      head += " " + right_align(column, kNumberColumns);
    print("\n" + in_style("1", left_align(title, name_columns + 2)) + head + "\n");
    for (const auto& row : rows) {
      std::string line = "  " + left_align(to_single_line(row.name), name_columns);
      for (const auto number : row.numbers)
        line += " " + right_align(std::to_string(number), kNumberColumns);
      print(line + bar(row.numbers.back(), highest, name_columns + numbers + 4) + "\n");
    }
  }

  /// A column a day; false where there is no room, or no terminal, for it.
  [[nodiscard]] bool draw_days(const CacheStatistics& statistics) const {
    const std::size_t columns_a_day = std::min<std::size_t>(
        (terminal_.columns - std::min<std::size_t>(terminal_.columns, kNumberColumns + 3)) /
            kShownDays,
        3);
    if (!terminal_.is_terminal || columns_a_day == 0) return false;
    const auto shown = std::span(statistics.by_day).first(kShownDays);
    const auto highest = std::max<std::uint64_t>(*std::max_element(shown.begin(), shown.end()), 1);
    for (std::size_t row = kChartRows; row-- > 0;) {
      std::string columns;
      for (std::size_t days = kShownDays; days-- > 0;) {
        const char* block = column_block(shown[days], highest, row);
        for (std::size_t i = 0; i < std::max<std::size_t>(columns_a_day - 1, 1); ++i)
          columns += block;
        if (columns_a_day > 1) columns += ' ';
      }
      const std::string mark = row + 1 == kChartRows ? std::to_string(highest) : "";
      print("  " + right_align(mark, kNumberColumns) + " " + in_style("36", columns) + "\n");
    }
    const auto first = day_before(statistics, kShownDays - 1);
    const auto last = day_before(statistics, 0);
    print(left_align("", kNumberColumns + 3) + first +
          right_align(last, kShownDays * columns_a_day - first.size()) + "\n");
    return true;
  }

 private:
  [[nodiscard]] std::string in_style(const char* style, const std::string& text) const {
    if (!terminal_.has_colours) return text;
    return std::string("\x1b[") + style + "m" + text + "\x1b[0m";
  }

  /// What the line has room for behind `taken` columns.
  [[nodiscard]] std::string bar(std::uint64_t number, std::uint64_t highest,
                                std::size_t taken) const {
    if (!terminal_.is_terminal || highest == 0 || number == 0) return {};
    if (terminal_.columns < taken + kLeastBarColumns) return {};
    const auto eighths = static_cast<std::size_t>(
        std::max(static_cast<double>(number) / static_cast<double>(highest) *
                     static_cast<double>((terminal_.columns - taken) * kEighths),
                 1.0));
    std::string blocks;
    for (std::size_t i = 0; i < eighths / kEighths; ++i)
      blocks += terminal_.has_blocks ? kRightwards.back() : "#";
    if (terminal_.has_blocks) blocks += kRightwards.at(eighths % kEighths);
    return "  " + in_style("36", blocks);
  }

  /// The part of a day's column that is in a row; even a single reply shows.
  [[nodiscard]] const char* column_block(std::uint64_t number, std::uint64_t highest,
                                         std::size_t row) const {
    auto eighths =
        static_cast<std::size_t>(static_cast<double>(number) / static_cast<double>(highest) *
                                 static_cast<double>(kChartRows * kEighths));
    if (number > 0) eighths = std::max<std::size_t>(eighths, 1);
    const auto here = std::min(eighths - std::min(eighths, row * kEighths), kEighths);
    if (!terminal_.has_blocks) return here > 0 ? "#" : " ";
    return kUpwards.at(here);
  }

  const DrawingArea& terminal_;
};

void print_line(const std::string& name, const std::string& value) {
  print(left_align(name, 18) + value + "\n");
}

void print_totals(const CacheStatistics& statistics) {
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
  number("Replies sent", statistics.replies);
}

void print_frequencies(const Picture& picture, const std::string& title,
                       const std::vector<Frequency>& frequencies) {
  std::vector<Row> rows;
  rows.reserve(frequencies.size());
  for (const auto& each : frequencies)
    rows.push_back({each.name, {each.records, each.replies}});
  picture.rows(title, {"RECORDS", "REPLIES"}, rows);
}

void print_days(const Picture& picture, const CacheStatistics& statistics) {
  picture.heading("Replies by day (UTC; of each record, the last one)");
  if (picture.draw_days(statistics)) return;
  for (std::size_t days = kShownDays; days-- > 0;) {
    print("  " + day_before(statistics, days) + " " +
          right_align(std::to_string(statistics.by_day.at(days)), kNumberColumns) + "\n");
  }
}

void print_ages(const Picture& picture, const CacheStatistics& statistics) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < kAgeGroups.size(); ++i) {
    rows.push_back({kAgeGroups.at(i).name, {statistics.ages.at(i)}});
  }
  if (statistics.from_the_future > 0) {
    rows.push_back({"from the future", {statistics.from_the_future}});
  }
  picture.rows("Age", {"RECORDS"}, rows);
}

void print_file(const Picture& picture, const CacheFileSize& file) {
  picture.heading("File");
  print_line("  size", format_size(file.octets) + " (" + std::to_string(file.octets) + " octets)");
  print_line("  used pages", std::to_string(file.used_pages) + " of " +
                                 format_size(file.page_octets) + ", " +
                                 std::to_string(file.free_pages) + " free");
  print_line("  room", format_size(file.map_octets));
  print_line("  readers", std::to_string(file.readers) + " of " + std::to_string(file.max_readers));
  std::vector<Row> rows;
  rows.reserve(file.tables.size());
  for (const auto& table : file.tables)
    rows.push_back({table.name, {table.depth, table.entries, table.pages}});
  picture.rows("Tables", {"DEPTH", "ENTRIES", "PAGES"}, rows);
}

void print_text(const CacheStatistics& statistics) {
  const auto terminal = find_drawing_area();
  const Picture picture(terminal);
  print_totals(statistics);
  print_frequencies(picture, "Responders: " + std::to_string(statistics.responders),
                    statistics.top_responders);
  print_frequencies(picture,
                    std::string("Sender domains: ") +
                        (statistics.domains_are_exact ? "" : "at least ") +
                        std::to_string(statistics.domains),
                    statistics.top_domains);
  if (!statistics.domains_are_exact) {
    print("  Too many to count them all: each figure is the least that it can be.\n");
  }
  print_days(picture, statistics);
  print_ages(picture, statistics);
  print_file(picture, statistics.file);
}

}  // namespace

ExitStatus show_statistics(const CacheRequest& request) {
  request.arguments(0, 0);
  const auto format = request.find("format").value_or("table");
  if (format != "table" && format != "json") usage_error("--format: expected table or json");
  const auto statistics = gather_statistics(request, top_of(request));
  if (format == "json") {
    print(to_json(statistics) + "\n");
  } else {
    print_text(statistics);
  }
  return ExitStatus::kOk;
}

}  // namespace inforeply
