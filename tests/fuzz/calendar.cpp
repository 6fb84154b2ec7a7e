// An iCalendar file, which other programs write and servers hand out.
#include "responder/calendar.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.hpp"

namespace inforeply {
namespace {

using fuzz::expect;
using std::chrono::days;

const std::string kFile = "/calendar.ics";
constexpr Time kNow{Seconds{1'796'000'000}};  // in the year of the seeds

const TimeZone& zone() {
  static const auto zone = TimeZone::find("Europe/Berlin").value();
  return zone;
}

std::size_t count_faults(std::string_view text) {
  std::size_t count = 0;
  Calendar calendar;
  const FaultHandler on_fault = [&](const ConfigError& fault) {
    ++count;
    const std::string_view what = fault.what();
    expect(what.starts_with(kFile), "a fault names its file", what);
    expect(what.find_first_of("\r\n") == std::string_view::npos, "a fault is one line", what);
  };
  collect_fault(on_fault, [&] { calendar.add_file(text, kFile, zone(), on_fault); });
  return count;
}

std::string spans_of(const Calendar& calendar, const Window& window) {
  std::vector<Span> spans;
  calendar.add_spans(window, spans);
  std::string shown;
  for (const auto& span : joined(spans)) {
    expect(span.until >= window.from && span.from <= window.until, "a span touches its window");
    shown += std::to_string(span.from.time_since_epoch().count()) + " " +
             std::to_string(span.until.time_since_epoch().count()) + "\n";
  }
  return shown;
}

/// Of a calendar that has been asked for nothing else.
std::string fresh_spans_of(std::string_view text, const Window& window) {
  Calendar calendar;
  calendar.add_file(text, kFile, zone(), pass_over);
  return spans_of(calendar, window);
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  const auto text = fuzz::to_text(data, size);
  const auto faults = count_faults(text);
  try {
    Calendar calendar;
    calendar.add_file(text, kFile, zone(), pass_over);
    for (const auto& window : {Window{kNow, kNow}, {kNow - days{300}, kNow + days{600}}})
      fuzz::expect_equal(spans_of(calendar, window), fresh_spans_of(text, window),
                         "spans do not depend on what was asked for before");
  } catch (const ConfigError& fault) {
    const bool is_bound =
        std::string_view(fault.what()).find("recurs too often") != std::string_view::npos ||
        std::string_view(fault.what()).find(" s of processor time") != std::string_view::npos;
    expect(faults > 0 || is_bound, "the check finds what a delivery finds", fault.what());
  }
  return 0;
}
