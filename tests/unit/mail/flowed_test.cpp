#include "mail/flowed.hpp"

#include <gtest/gtest.h>

#include <string>

namespace inforeply {
namespace {

TEST(Flowed, JoinsSoftLineBreaks) {
  EXPECT_EQ(from_flowed("one \ntwo\nthree\n", DelSp::kNo), "one two\nthree\n");
  EXPECT_EQ(from_flowed("one \r\ntwo\r\n", DelSp::kNo), "one two\n");
  EXPECT_EQ(from_flowed("one \ntwo", DelSp::kNo), "one two\n");
  EXPECT_EQ(from_flowed("", DelSp::kNo), "");
}

TEST(Flowed, DelSpTakesTheBlankOfASoftLineBreak) {
  EXPECT_EQ(from_flowed("\u65E5\u672C \n\u8A9E\n", DelSp::kYes), "\u65E5\u672C\u8A9E\n");
  EXPECT_EQ(from_flowed("one  \ntwo\n", DelSp::kYes), "one two\n");
}

TEST(Flowed, TakesAwayStuffing) {
  EXPECT_EQ(from_flowed("  indented\n >not quoted\n From here\n", DelSp::kNo),
            " indented\n>not quoted\nFrom here\n");
}

TEST(Flowed, ASignatureMarkStandsAlone) {
  EXPECT_EQ(from_flowed("text \n-- \nAnna\n", DelSp::kNo), "text \n-- \nAnna\n");
}

TEST(Flowed, ParagraphsOfDifferentDepthsAreNotJoined) {
  EXPECT_EQ(from_flowed(">> deep \n>> goes on\n> less \nown\n", DelSp::kNo),
            ">> deep goes on\n> less \nown\n");
}

TEST(Flowed, WhatWasFlowedIsRestored) {
  const std::string text =
      " a paragraph of words that is longer than the seventy-eight columns of a line, so it is "
      "cut\n"
      ">x\nFrom y\n\n-- \nAnna\n";
  EXPECT_NE(to_flowed(text), text);
  EXPECT_EQ(from_flowed(to_flowed(text), DelSp::kNo), text);
}

TEST(Flowed, QuotedParagraphsKeepTheirMarksInEachLine) {
  const std::string words(75, 'x');
  const std::string text =
      "> a\n>\n>> b  \n>c\nown " + words + " yy zz\n> " + words + " yy zz\n > d\n";
  EXPECT_EQ(to_flowed(text, QuoteMarks::kRead),
            "> a\n>\n>> b\n> c\nown \n" + words + " \nyy zz\n> " + words + " \n> yy zz\n  > d\n");
  EXPECT_EQ(to_flowed("> a\n>\n"), " > a\n >\n");
}

}  // namespace
}  // namespace inforeply
