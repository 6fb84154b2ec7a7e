#include "delivery/log_line.hpp"

#include <gtest/gtest.h>

namespace inforeply {
namespace {

using std::chrono::duration;

TEST(LogLine, SaysWhatThereIsNot) {
  const LogLine line{{}, {}, "b@b", "suppressed", {}, {}, duration<double>(0.0004), {}, {}, {}};
  EXPECT_EQ(format_log_line(line, LogFormat::kText),
            "NOQUEUE: from=<> to=<b@b> action=suppressed reason=- handle=- delay=0.000 responder=- "
            "section=-");
  EXPECT_EQ(format_log_line(line, LogFormat::kJson),
            R"({"id":"NOQUEUE","from":"","to":"b@b","action":"suppressed","reason":null,)"
            R"("handle":null,"delay":0.000,"responder":null,"section":null,"detail":null})");
}

TEST(LogLine, EscapesInEachFormatInItsWay) {
  const LogLine line{
      "Q",     "a <\"", "b\\",     "deferred", "cache", "h\n", duration<double>(12.3456),
      "r\xFF", "s",     "\"x\"\ny"};
  EXPECT_EQ(format_log_line(line, LogFormat::kText),
            R"(Q: from=<a\x20\x3c\x22> to=<b\x5c> action=deferred reason=cache handle=h\x0a )"
            R"(delay=12.346 responder=r\xff section=s detail="x" y)");
  EXPECT_EQ(format_log_line(line, LogFormat::kJson),
            R"({"id":"Q","from":"a <\"","to":"b\\","action":"deferred","reason":"cache",)"
            "\"handle\":\"h\\n\",\"delay\":12.346,\"responder\":\"r\uFFFD\","
            R"("section":"s","detail":"\"x\"\ny"})");
}

TEST(LogLine, OfAFailedRunHasNoRecipient) {
  LogLine line;
  line.action = "deferred";
  line.reason = "configuration";
  line.detail = "x";
  EXPECT_EQ(format_failed_run(line, LogFormat::kText), "inforeply: deferred: x");
  EXPECT_EQ(format_failed_run(line, LogFormat::kJson),
            R"({"action":"deferred","reason":"configuration","detail":"x"})");
  line.action = "suppressed";
  line.reason = "late";
  EXPECT_EQ(format_failed_run(line, LogFormat::kText), "inforeply: late: x");
}

}  // namespace
}  // namespace inforeply
