#include "record_writer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "cache_commands.hpp"
#include "inforeply/text.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

class JsonWriter : public RecordWriter {
 public:
  void write(const ReplyRecord& record) override {
    line_.clear();
    append_json(line_, record);
    line_ += '\n';
    print(line_);
  }
  void finish() override {}

 private:
  std::string line_;
};

/// CSV (RFC 4180).
class CsvWriter : public RecordWriter {
 public:
  void write(const ReplyRecord& record) override {
    line_.clear();
    add_header_once();
    for (const auto& text : {record.key.responder, record.key.sender, record.key.handle,
                             std::string(name_of(record.state))}) {
      add(text);
      line_ += ',';
    }
    append_utc(line_, record.answered_at);
    line_ += ',';
    if (record.expires_at) append_utc(line_, *record.expires_at);
    line_ += ',' + std::to_string(record.count) + ',';
    add(record.message_id);
    line_ += "\r\n";
    print(line_);
  }
  void finish() override {
    line_.clear();
    add_header_once();
    print(line_);
  }

 private:
  void add_header_once() {
    if (has_header_) return;
    has_header_ = true;
    line_ += "responder,sender,handle,state,answered_at,expires_at,count,message_id\r\n";
  }

  /// A spreadsheet takes a cell that begins with one of these characters for a formula, even if it
  /// is quoted. Strangers choose senders and message ids, so an apostrophe makes such a cell text.
  void add(std::string_view text) {
    // The last are full-width =, +, - and @, and a byte order mark, which may hide one of them.
    constexpr std::array<std::string_view, 11> kFormulas = {
        "=", "+", "-", "@", "\t", "\r", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20", "\uFEFF"};
    const bool is_formula = std::any_of(kFormulas.begin(), kFormulas.end(), [&](auto beginning) {
      return text.starts_with(beginning);
    });
    const bool needs_quotes =
        is_formula || text.find_first_of(",\"\r\n") != std::string_view::npos || trim(text) != text;
    if (needs_quotes) line_ += '"';
    if (is_formula) line_ += '\'';
    for (const char c : shown_safely(text)) {
      if (c == '"') line_ += '"';
      line_ += c;
    }
    if (needs_quotes) line_ += '"';
  }

  bool has_header_ = false;
  std::string line_;
};

constexpr std::size_t kColumns = 7;
constexpr std::size_t kHandle = 2;
using Row = std::array<std::string, kColumns>;
using Widths = std::array<std::size_t, kColumns>;

Row heading_row() {
  return {"RESPONDER", "SENDER", "HANDLE", "STATE", "ANSWERED", "EXPIRES", "REPLIES"};
}

/// A record in either table; they differ in the form of times.
Row row_of(const ReplyRecord& record, std::string (*format_time)(Time)) {
  return {shown_safely(record.key.responder),
          shown_safely(record.key.sender),
          shown_safely(record.key.handle),
          std::string(name_of(record.state)),
          format_time(record.answered_at),
          record.expires_at ? format_time(*record.expires_at) : "never",
          std::to_string(record.count)};
}

/// Nothing is cut: a cell that is too wide moves the rest of its line.
class PlainTable : public RecordWriter {
 public:
  void write(const ReplyRecord& record) override {
    print_heading_once();
    print_row(row_of(record, format_utc));
  }
  void finish() override { print_heading_once(); }

 private:
  void print_heading_once() {
    if (has_heading_) return;
    has_heading_ = true;
    print_row(heading_row());
  }

  static void print_row(const Row& row) {
    static constexpr Widths kWidths = {29, 35, 16, 9, 21, 21, 0};
    std::string line;
    for (std::size_t i = 0; i < kColumns; ++i) {
      line += row[i];
      const auto width = display_width(row[i]);
      if (i + 1 < kColumns) line.append(std::max(width, kWidths[i]) - width + 1, ' ');
    }
    print(line + "\n");
  }

  bool has_heading_ = false;
};

/// Fits the terminal; the first records decide how wide each column is.
class TerminalTable : public RecordWriter {
 public:
  TerminalTable(const Terminal& terminal, Time now) : terminal_(terminal), now_(now) {}

  void write(const ReplyRecord& record) override {
    Line line{row_of(record, minute_of), record.counts_at(now_) ? Style::kPlain : Style::kDim};
    if (widths_) return print_line(line);
    first_.push_back(std::move(line));
    if (first_.size() == kMeasured) start();
  }
  void finish() override {
    if (!widths_) start();
  }

 private:
  static constexpr std::size_t kMeasured = 500;  // records
  static constexpr std::size_t kLeast = 9;       // columns of an address or a handle

  struct Line {
    Row row;
    Style style;
  };

  static std::string minute_of(Time time) {
    const auto text = format_local(time);
    constexpr std::size_t kDate = 10;
    return text.size() == kDate ? text + " 00:00" : text;
  }

  void start() {
    const Line heading{heading_row(), Style::kBold};
    Widths widths{};
    const auto measure = [&](const Row& row) {
      for (std::size_t i = 0; i < kColumns; ++i)
        widths[i] = std::max(widths[i], display_width(row[i]));
    };
    measure(heading.row);
    for (const auto& line : first_)
      measure(line.row);
    share_out(widths);
    widths_ = widths;
    print_line(heading);
    for (const auto& line : first_)
      print_line(line);
    first_.clear();
  }

  /// Narrows the widest of addresses and handle until all fits, then the gaps.
  void share_out(Widths& widths) {
    const auto excess = [&] {
      const auto total = std::accumulate(widths.begin(), widths.end(), gap_ * (kColumns - 1));
      return total > terminal_.columns;
    };
    auto* const end_of_flexible = widths.begin() + kHandle + 1;
    while (excess()) {
      auto& widest = *std::max_element(widths.begin(), end_of_flexible);
      if (widest <= kLeast) break;
      --widest;
    }
    if (excess()) gap_ = 1;
  }

  /// Handles differ in their start or in the section at their end.
  static std::string shorten_handle(const std::string& handle, std::size_t width) {
    const auto slash = handle.rfind('/');
    if (slash == std::string::npos || display_width(handle) <= width) return handle;
    return "…" + handle.substr(slash);
  }

  void print_line(const Line& line) const {
    std::string text;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const auto width = widths_->at(i);
      const auto cell = i == kHandle ? shorten_handle(line.row[i], width) : line.row[i];
      text += i + 1 < kColumns ? left_align(cell, width) + std::string(gap_, ' ') : cell;
    }
    print(terminal_.styled(fit(text, terminal_.columns), line.style) + "\n");
  }

  Terminal terminal_;
  Time now_;
  std::size_t gap_ = 2;
  std::vector<Line> first_;
  std::optional<Widths> widths_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_record_writer(std::string_view format, Time now) {
  if (format == "json") return std::make_unique<JsonWriter>();
  if (format == "csv") return std::make_unique<CsvWriter>();
  if (format != "table") usage_error("--format: expected table, json or csv");
  if (const auto terminal = find_terminal()) return std::make_unique<TerminalTable>(*terminal, now);
  return std::make_unique<PlainTable>();
}

}  // namespace inforeply
