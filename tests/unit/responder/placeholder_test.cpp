#include "responder/placeholder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "inforeply/error.hpp"

namespace inforeply {
namespace {

using namespace std::string_view_literals;

PlaceholderValues sample_values() {
  PlaceholderValues values;
  values[Placeholder::kSubject] = "SUBJ";
  values[Placeholder::kSender] = "sender@example.org";
  values[Placeholder::kSenderName] = "Sender";
  values[Placeholder::kRecipient] = "recipient@example.org";
  values[Placeholder::kDate] = "DATE";
  values[Placeholder::kActiveFrom] = "FROM";
  values[Placeholder::kActiveUntil] = "UNTIL";
  values[Placeholder::kNextOpen] = "NEXT";
  values[Placeholder::kMessageId] = "<id@example.org>";
  return values;
}

std::string expanded(std::string_view text) {
  return TextTemplate(text, "file", 1).expand(sample_values());
}

/// The error that a template gives, or "no error".
std::string fault_of(std::string_view text, std::size_t line = 1) {
  try {
    TextTemplate(text, "file", line);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TextTemplate, PutsInEveryPlaceholder) {
  EXPECT_EQ(expanded("${subject}|${sender}|${sender_name}|${recipient}|${date}|${active_from}|"
                     "${active_until}|${next_open}|${message_id}"),
            "SUBJ|sender@example.org|Sender|recipient@example.org|DATE|FROM|UNTIL|NEXT|"
            "<id@example.org>");
}

TEST(TextTemplate, KeepsAllOtherText) {
  for (const auto text : {""sv, "\n"sv, "one\ntwo\r\n"sv, "{subject} }"sv, "a\0b"sv, "\u00FC\xFF"sv,
                          "%s %d \\n"sv, "{}"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_EQ(expanded(text), text);
  }
  EXPECT_EQ(TextTemplate().expand(sample_values()), "");
}

TEST(TextTemplate, TakesADollarForADollarUnlessABraceFollows) {
  constexpr struct {
    std::string_view text, expansion;
  } kCases[] = {
      {"$", "$"},
      {"$$", "$"},
      {"$$$", "$$"},
      {"$$$$", "$$"},
      {"5 $ or $5", "5 $ or $5"},
      {"$${subject}", "${subject}"},
      {"$$${subject}", "$SUBJ"},
      {"$$SUBJECT", "$SUBJECT"},
      {"$subject", "$subject"},
      {"$ {subject}", "$ {subject}"},
      {"$\n", "$\n"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(expanded(c.text), c.expansion);
  }
}

TEST(TextTemplate, UnderstandsTheSubjectOfVacationsMessageFiles) {
  EXPECT_EQ(expanded("$SUBJECT"), "SUBJ");
  EXPECT_EQ(expanded("Re: \"$SUBJECT\".$SUBJECT\n"), "Re: \"SUBJ\".SUBJ\n");
  EXPECT_EQ(expanded("$SUBJECT$SUBJECT"), "SUBJSUBJ");
  EXPECT_EQ(expanded("$SUBJECTS $SUBJECT_ $SUBJECT2 $SUBJEC"),
            "$SUBJECTS $SUBJECT_ $SUBJECT2 $SUBJEC");
}

TEST(TextTemplate, DoesNotExpandWhatAValueHolds) {
  PlaceholderValues values = sample_values();
  values[Placeholder::kSubject] = "${sender} $SUBJECT $$";
  EXPECT_EQ(TextTemplate("[${subject}]", "file", 1).expand(values), "[${sender} $SUBJECT $$]");
}

TEST(TextTemplate, MayBeExpandedAgain) {
  const TextTemplate text("a ${subject} b", "file", 1);
  PlaceholderValues values = sample_values();
  EXPECT_EQ(text.expand(values), "a SUBJ b");
  values[Placeholder::kSubject] = "";
  EXPECT_EQ(text.expand(values), "a  b");
}

TEST(TextTemplate, IsExpandedWithinABound) {
  const TextTemplate text("ab${subject}${sender_name:-nobody}cd", "file", 1);
  const std::string whole = text.expand(sample_values());
  EXPECT_EQ(text.expand_within(whole.size(), sample_values()), whole);
  for (std::size_t bound = 0; bound < whole.size(); ++bound) {
    EXPECT_EQ(text.expand_within(bound, sample_values()), std::nullopt) << bound;
  }
  EXPECT_EQ(TextTemplate().expand_within(0, sample_values()), "");
}

TEST(TextTemplate, RefusesUnknownPlaceholders) {
  for (const auto text : {"${}"sv, "${unknown}"sv, "${Subject}"sv, "${SUBJECT}"sv, "${ subject}"sv,
                          "${subject }"sv, "${subject\0}"sv, "${${subject}}"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_TRUE(fault_of(text).starts_with("file:1: ")) << fault_of(text);
  }
  EXPECT_NE(fault_of("${unknown}").find("unknown"), std::string::npos);
}

TEST(TextTemplate, RefusesUnclosedPlaceholders) {
  for (const auto text : {"${"sv, "${subject"sv, "${subject\n}"sv, "a ${subject\nb ${subject}"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_TRUE(fault_of(text).starts_with("file:1: ")) << fault_of(text);
  }
}

TEST(TextTemplate, NamesTheLineOfAFault) {
  EXPECT_TRUE(fault_of("one\ntwo ${subject}\n${bad}", 1).starts_with("file:3: "));
  EXPECT_TRUE(fault_of("one\r\n\r\n${bad}", 10).starts_with("file:12: "));
  EXPECT_TRUE(fault_of("$\n$$\n$SUBJECT\n${bad", 1).starts_with("file:4: "));
}

TEST(TextTemplate, ReportsAFaultInOneLine) {
  EXPECT_EQ(fault_of("${a\rfile:2: forged}").find('\r'), std::string::npos);
  EXPECT_EQ(fault_of("${\x1B[31m}").find('\x1B'), std::string::npos);
}

TEST(TextTemplate, PutsAFallbackInThePlaceOfAnEmptyValue) {
  PlaceholderValues none;
  none[Placeholder::kSender] = "nina@example.net";
  const auto expanded_empty = [&](std::string_view text) {
    return TextTemplate(text, "file", 1).expand(none);
  };
  for (const std::string name : {"subject", "sender_name", "recipient", "date", "active_from",
                                 "active_until", "next_open", "message_id"}) {
    const std::string text = "[${" + name + ":-f\u00FCr - $$ :- {x $SUBJECT}]";
    EXPECT_EQ(expanded_empty(text), "[f\u00FCr - $$ :- {x $SUBJECT]");
    EXPECT_EQ(expanded(text), expanded("[${" + name + "}]"));
  }
  EXPECT_EQ(expanded_empty("[${subject:-}${sender_name:-}]"), "[]");
  EXPECT_EQ(expanded_empty("${sender_name}, ${sender_name:-customer}"),
            "nina@example.net, customer");
}

TEST(TextTemplate, RefusesAFallbackThatIsNotOne) {
  for (const auto text :
       {"${unknown:-a}"sv, "${:-a}"sv, "${subject:-a\n}"sv, "${subject:-"sv,
        "${subject:-${sender}}"sv, "${subject-a}"sv, "${subject:=a}"sv, "${subject: -a}"sv}) {
    SCOPED_TRACE(testing::PrintToString(text));
    EXPECT_TRUE(fault_of(text).starts_with("file:1: ")) << fault_of(text);
  }
  const std::string longest(kMaxFallbackOctets, 'x');
  EXPECT_EQ(fault_of("${subject:-" + longest + "}"), "no error");
  EXPECT_NE(fault_of("${subject:-" + longest + "x}").find("250 octets"), std::string::npos);
}

TEST(TextTemplate, NamesTheLineOfAPlaceholderWithoutFallback) {
  const TextTemplate text("${active_until:-a}\n${active_until}\n${active_from:-}", "file", 1);
  EXPECT_EQ(text.line_without_fallback(Placeholder::kActiveUntil), 2U);
  EXPECT_EQ(text.line_without_fallback(Placeholder::kActiveFrom), std::nullopt);
}

}  // namespace
}  // namespace inforeply
