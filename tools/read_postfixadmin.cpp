#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "csv.hpp"
#include "draft_readers.hpp"
#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/text.hpp"
#include "other_programs.hpp"

namespace inforeply {
namespace {

/// A row of the table: columns by their names.
using Row = std::map<std::string, std::string, std::less<>>;

std::string text_of(const nlohmann::json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

class PostfixadminReader {
 public:
  PostfixadminReader(const Source& table, const FaultHandler& on_left_out)
      : table_(table), on_left_out_(on_left_out) {}

  std::vector<Draft> read() {
    std::string_view rest = table_.text;
    const bool is_json = trim(rest).starts_with('{');
    std::vector<std::string> names;
    for (const char* counted = rest.data(); !rest.empty();) {
      line_ += static_cast<std::size_t>(std::count(counted, rest.data(), '\n'));
      counted = rest.data();
      if (is_json) {
        collect_fault(on_left_out_, [&] { take_json(take_line(rest)); });
      } else if (names.empty()) {
        names = take_csv(rest);
        if (names.size() < 2) fail("expected the columns' names, such as email,subject,body");
      } else {
        take_csv_row(names, rest);
      }
    }
    if (!has_row_) on_left_out_({table_.name, 0, "there is no row"});
    return std::move(drafts_);
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw ConfigError(table_.name, line_, text);
  }

  [[nodiscard]] std::vector<std::string> take_csv(std::string_view& rest) const {
    try {
      return take_csv_record(rest);
    } catch (const BadCsv& bad) {
      fail(bad.what());
    }
  }

  void take_csv_row(const std::vector<std::string>& names, std::string_view& rest) {
    const auto fields = take_csv(rest);
    if (fields.size() == 1 && fields.front().empty()) return;
    has_row_ = true;
    collect_fault(on_left_out_, [&] {
      if (fields.size() != names.size())
        fail("expected " + std::to_string(names.size()) + " fields");
      Row row;
      for (std::size_t i = 0; i < names.size(); ++i)
        row[to_lower_ascii(trim(names[i]))] = fields[i];
      take(std::move(row));
    });
  }

  void take_json(std::string_view line) {
    if (trim(line).empty()) return;
    const auto object = nlohmann::json::parse(line, nullptr, false);
    has_row_ = true;
    if (!object.is_object()) fail("no object of JSON");
    Row row;
    for (const auto& [name, value] : object.items()) {
      if (value.is_structured()) fail(to_single_line(name) + ": expected a text or a number");
      row[to_lower_ascii(name)] = text_of(value);
    }
    take(std::move(row));
  }

  /// As vacation.pl takes it: it replaces `$SUBJECT` in the subject alone, its versions since 4.2.1
  /// the dates in the body.
  void take(Row row) {
    const auto email = parse_address(row["email"]);
    if (!email) fail("email '" + to_single_line(row["email"]) + "' is no mail address");
    Draft draft{email->to_string(), is_true(row), {}, {}, false};
    draft.set("from", draft.address);
    draft.set("subject", with_placeholders(row["subject"], {{"$SUBJECT", "${subject}"}}));
    const auto interval = row["interval_time"];
    if (!interval.empty() && !parse_number(interval)) fail("interval_time: expected seconds");
    draft.set("interval", parse_number(interval).value_or(0) == 0 ? "once" : interval + "s");
    set_time(draft, "active-from", row["activefrom"]);
    set_time(draft, "active-until", row["activeuntil"]);
    std::erase(row["body"], '\r');
    set_text(draft, {table_.name, row["body"], line_},
             {{"<%From_Date>", "${active_from}"}, {"<%Until_Date>", "${active_until}"}});
    drafts_.push_back(std::move(draft));
  }

  /// A row without the column is of a person who is away.
  static bool is_true(const Row& row) {
    const auto found = row.find("active");
    return found == row.end() || !is_no(found->second);
  }

  /// The years 2000 and 2038 are the columns' defaults, and mean none.
  void set_time(Draft& draft, const std::string& name, std::string text) const {
    text = without_fraction(std::move(text));
    if (text.empty() || text.starts_with("2000-01-01") || text >= "2038-01-18" ||
        text.starts_with("0000-"))
      return;
    if (!parse_time(text)) fail(name + " '" + to_single_line(text) + "' is no time");
    draft.set(name, text);
  }

  const Source& table_;
  const FaultHandler& on_left_out_;
  std::size_t line_ = 1;
  bool has_row_ = false;
  std::vector<Draft> drafts_;
};

}  // namespace

std::vector<Draft> read_postfixadmin(const Source& table, const FaultHandler& on_left_out) {
  return PostfixadminReader(table, on_left_out).read();
}

}  // namespace inforeply
