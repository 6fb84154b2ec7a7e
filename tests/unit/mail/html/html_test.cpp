#include "inforeply/html.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

constexpr std::size_t kHostileSize = std::size_t{64} * 1024;

std::string repeated(std::string_view part, std::size_t size = kHostileSize) {
  std::string result;
  while (result.size() + part.size() <= size)
    result += part;
  return result;
}

bool has_forbidden_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if ((octet < 0x20 && octet != '\n' && octet != '\t') || octet == 0x7F) return true;
    const bool is_c1 = octet == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) return true;
  }
  return false;
}

bool is_clean(const std::string& text) {
  return is_valid_utf8(text) && !has_forbidden_controls(text) && !text.starts_with('\n') &&
         !text.ends_with("\n\n") && (text.empty() || text.back() == '\n');
}

TEST(Html, AnEmptyLineSeparatesParagraphsAndHeadings) {
  EXPECT_EQ(html_to_text("<h1>Prices</h1><p>One</p>\n<p>Two"), "Prices\n\nOne\n\nTwo\n");
  EXPECT_EQ(html_to_text("<p>One<p>Two<div>Three</div>Four"), "One\n\nTwo\n\nThree\nFour\n");
}

TEST(Html, NothingShownIsNothing) {
  EXPECT_EQ(html_to_text(""), "");
  EXPECT_EQ(html_to_text(" <p>&nbsp;</p><br>\n<hr hidden><ul><li></ul> "), "");
}

TEST(Html, ABrIsALineBreak) {
  EXPECT_EQ(html_to_text("one<br>two<br/>\nthree</br>four"), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(html_to_text("<br>one<br><br>two<br><br><br><br>three<br></p>"),
            "one\n\ntwo\n\nthree\n");
  EXPECT_EQ(html_to_text("<div>one<br></div><div>two</div><div><br></div><div>three</div>"),
            "one\ntwo\n\nthree\n");
}

TEST(Html, ListItemsAreMarkedAndNumbered) {
  EXPECT_EQ(html_to_text("x<ul><li>one<li>two</ul>y"), "x\n\n* one\n* two\n\ny\n");
  EXPECT_EQ(html_to_text("<ol><li>one</li><li></li><li>three</li></ol>"), "1. one\n3. three\n");
  EXPECT_EQ(html_to_text("<ol start=7><li>one<li>two</ol>"), "7. one\n8. two\n");
}

TEST(Html, NestedListsAndTheLinesOfItemsAreIndented) {
  EXPECT_EQ(html_to_text("<ul><li>a<ol><li>b</li><li>c</ol></li><li>d<br>e</ul>"),
            "* a\n  1. b\n  2. c\n* d\n  e\n");
}

TEST(Html, ALinkIsFollowedByItsUrl) {
  EXPECT_EQ(html_to_text("See <a href='https://x.org/?a=1&amp;b=2&copy=3'>this</a>."),
            "See this <https://x.org/?a=1&b=2&copy=3>.\n");
  EXPECT_EQ(html_to_text("<a href=u><div>this</div></a>then"), "this <u>\nthen\n");
  EXPECT_EQ(html_to_text("<a href=u>one<a href=v>two"), "one <u>two <v>\n");
  EXPECT_EQ(html_to_text("<a href='u>\n &#x81;v'>x</a>"), "x <u%3E%20v>\n");
}

TEST(Html, AUrlThatTellsNothingNewIsLeftOut) {
  EXPECT_EQ(html_to_text("<a href='https://x.org'>https://X.org</a>"), "https://X.org\n");
  EXPECT_EQ(html_to_text("<a href='mailto:a@x.org?subject=b'>a@x.org</a>"), "a@x.org\n");
  EXPECT_EQ(html_to_text("<a href='mailto:a@x.org'>Anna</a>"), "Anna <mailto:a@x.org>\n");
  for (const std::string url :
       {"#top", "", " ", "cid:1", "JavaScript:x()", "java\nscript:x()", "data:text/html,x"}) {
    EXPECT_EQ(html_to_text("<a href='" + url + "'>text</a>"), "text\n") << url;
  }
  EXPECT_EQ(html_to_text("<a href=u><img src=x></a>text"), "text\n");
}

TEST(Html, AnImageIsItsAlternativeText) {
  EXPECT_EQ(html_to_text("a <img src=x alt='the &quot;logo&quot;'> b<img src=y>c<img alt>"),
            "a the \"logo\" bc\n");
}

TEST(Html, ARowOfATableIsALine) {
  EXPECT_EQ(html_to_text("x<table><tr><th>A<th>B</tr>\n<tr><td><p>1</p></td> <td><p>2</p></td></tr>"
                         "<td>3<td><td>4</table>y"),
            "x\n\nA | B\n1 | 2\n3 | 4\n\ny\n");
}

TEST(Html, ALayoutTableReadsAsParagraphs) {
  EXPECT_EQ(html_to_text("<table><tr><td>One</td></tr><tr><td>Two</td></tr></table>"),
            "One\n\nTwo\n");
  EXPECT_EQ(html_to_text("<table><td><table><td>One</table><tr><td><p>Two<p>Three<td>Four</table>"),
            "One\n\nTwo\n\nThree\n\nFour\n");
}

TEST(Html, PreKeepsBlanksAndLineBreaks) {
  EXPECT_EQ(html_to_text("a  b\n<pre>\n  c   d\r\n\n\n\te</pre>f  g"),
            "a b\n\n  c   d\n\n\n\te\n\nf g\n");
}

TEST(Html, QuotationsAreMarked) {
  EXPECT_EQ(html_to_text("a<blockquote><p>b</p>c<br>d<blockquote>e</blockquote></blockquote>f"),
            "a\n\n> b\n>\n> c\n> d\n>\n>> e\n\nf\n");
}

TEST(Html, ALineThatIsNoQuotationNeverBeginsLikeOne) {
  EXPECT_EQ(html_to_text("&gt; a<br>&gt;&gt;b<p>c &gt;<pre>> d\n>e</pre>"),
            " > a\n >>b\n\nc >\n\n > d\n >e\n");
  EXPECT_EQ(html_to_text("<blockquote>&gt; a<br>b</blockquote><ul>&gt;"), "> > a\n> b\n\n  >\n");
}

TEST(Html, AnHrIsALineOfDashes) {
  EXPECT_EQ(html_to_text("a<hr>b"), "a\n\n------------------------\n\nb\n");
}

TEST(Html, ASignatureMarkKeepsItsBlank) {
  EXPECT_EQ(html_to_text("a<br>-- <br>Anna -- <br>x"), "a\n-- \nAnna --\nx\n");
}

TEST(Html, CharacterReferencesAreDecoded) {
  EXPECT_EQ(html_to_text("&lt;b&gt; &amp;amp; &copy &notit; &#8364;&#x20AC;&#128; &fjlig;"),
            "<b> &amp; \u00A9 \u00ACit; \u20AC\u20AC\u20AC fj\n");
  EXPECT_EQ(html_to_text("&CounterClockwiseContourIntegral;&NotEqualTilde;"),
            "\u2233\u2242\u0338\n");
  EXPECT_EQ(html_to_text("a & b &; &nonsense; &# &#x; &#0; &#x110000;"),
            "a & b &; &nonsense; &# &#x; \uFFFD \uFFFD\n");
}

TEST(Html, ACharacterReferenceTooLargeForAnyNumberIsNoCharacter) {
  for (const std::string number : {"#xEEEEEEEE", "#xFFFFFF9F", "#4008636142"}) {
    EXPECT_EQ(html_to_text("a &" + number + "; b"), "a \uFFFD b\n") << number;
    EXPECT_TRUE(is_valid_utf8(html_to_text("<img alt='a&" + number + ";b'>"))) << number;
  }
}

TEST(Html, WhiteSpaceIsCollapsedAndInvisibleCharactersAreDropped) {
  EXPECT_EQ(html_to_text(" a \n\t b <b> c</b> d&nbsp;&nbsp;e\u00A0f"), "a b c d e f\n");
  EXPECT_EQ(html_to_text("in&shy;vis\u200Bi\uFEFFble&#8203;\u2060"), "invisible\n");
  EXPECT_EQ(html_to_text("\U0001F468\u200D\U0001F469"), "\U0001F468\u200D\U0001F469\n");
}

TEST(Html, WhatIsNoTextIsNotShown) {
  EXPECT_EQ(html_to_text("<html><head>x<title>a</p></title><style>b</style></head>c"), "c\n");
  EXPECT_EQ(html_to_text("a<script>if (x</y) '<p>b'</scripty></script >c"), "ac\n");
  EXPECT_EQ(html_to_text("a<template><p>b</p></template>c<!-- d > --e -->f<!x>g<?y?>h</ >i"),
            "acfghi\n");
  EXPECT_EQ(html_to_text("a<!-->b<!--->c<!---->d<!--e--!>f"), "abcdf\n");
}

TEST(Html, AHeadThatIsNotEndedHidesNoContent) {
  EXPECT_EQ(html_to_text("<head><title>a</title><p>b"), "b\n");
  EXPECT_EQ(html_to_text("<head><title>a</title><body>b"), "b\n");
}

TEST(Html, HiddenElementsAreNotShown) {
  EXPECT_EQ(html_to_text("a<div style='color: red; Display : none'>b<div>c</div>d</div>e"), "ae\n");
  EXPECT_EQ(html_to_text("a<span hidden>b<span>c</span><br>d</span>e<img hidden alt=f>"), "ae\n");
  EXPECT_EQ(html_to_text("<p hidden>a<p>b<table><tr><td hidden>c<td>d</table>"), "b\n\nd\n");
  EXPECT_EQ(html_to_text("<div><span hidden>a</div>b"), "b\n");
  EXPECT_EQ(html_to_text("<ul><li hidden>a<a href=u>b</a><ul><li>c</ul><li>d</ul>"), "* d\n");
}

TEST(Html, BrokenDocumentsGiveTheirText) {
  EXPECT_EQ(html_to_text("a < b <3 <b>c</i></div></p>d"), "a < b <3 c\n\nd\n");
  EXPECT_EQ(html_to_text("<ul><li><b>a</ul><p>b</li></td>c"), "* a\n\nbc\n");
  EXPECT_EQ(html_to_text("<P CLASS=x ID>a</P\n><p a=\">\" b='>'c>d<p"), "a\n\nd\n");
  EXPECT_EQ(html_to_text("<table><tr><td>a</div></blockquote><td>b"), "a | b\n");
}

TEST(Html, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(html_to_text("caf\xE9 <b>\xC3\xA9"), "caf\uFFFD \u00E9\n");
  EXPECT_EQ(html_to_text(std::string("a\0b\x01\x7F\xC2\x81<\0p>c", 12)), "ab<p>c\n");
}

TEST(Html, HostileDocumentsGiveCleanText) {
  using std::string_literals::operator""s;
  std::string many_ids = "<p>";
  for (int i = 0; many_ids.size() < kHostileSize / 2; ++i) {
    many_ids += "<b id=" + std::to_string(i) + ">";
  }
  std::string many_attributes = "<p ";
  for (int i = 0; many_attributes.size() < kHostileSize; ++i) {
    many_attributes += "a" + std::to_string(i) + " ";
  }
  for (const auto& html : {many_ids + repeated("<p>x", kHostileSize / 2),
                           many_attributes + ">x",
                           repeated("<div>x") + repeated("</span>"),
                           repeated("<blockquote>") + repeated("x<br>"),
                           repeated("<ul><li>x"),
                           repeated("<table><td>x"),
                           repeated("<a href=u>x"),
                           repeated("<p><b><i></p></b></i>x"),
                           repeated("<i hidden>x"),
                           repeated("<x"),
                           repeated("</"),
                           repeated("<!--"),
                           repeated("<!-"),
                           repeated("<script>"),
                           repeated("<a b='"),
                           repeated("&amp"),
                           repeated("&"),
                           repeated("&#"),
                           repeated("<pre>\n"),
                           repeated("\0"s),
                           repeated("\xFF"),
                           repeated("<hr>"),
                           "&" + repeated("a"),
                           "&#" + repeated("9") + ";",
                           "<a href=u>" + repeated("<td>x"),
                           repeated("<head><template>"),
                           repeated("<")}) {
    const auto text = html_to_text(html);
    EXPECT_TRUE(is_clean(text)) << html.substr(0, 40);
    EXPECT_LE(text.size(), 16 * html.size()) << html.substr(0, 40);
  }
}

TEST(Html, RandomDocumentsGiveCleanText) {
  constexpr auto kParts =
      std::to_array<std::string_view>({"<p>",
                                       "</p>",
                                       "<div>",
                                       "</div>",
                                       "<div hidden>",
                                       "<span style='display:none'>",
                                       "</span>",
                                       "<ul>",
                                       "<ol start=3>",
                                       "</ul>",
                                       "</ol>",
                                       "<li>",
                                       "<table>",
                                       "</table>",
                                       "<tr>",
                                       "<td>",
                                       "</td>",
                                       "</tr>",
                                       "<caption>",
                                       "<pre>",
                                       "</pre>",
                                       "<blockquote>",
                                       "</blockquote>",
                                       "<a href='http://x.org/\x01\xC2\x81&#x82;&#10;'>",
                                       "<a href=#x>",
                                       "</a>",
                                       "<br>",
                                       "<hr>",
                                       "<img alt='a&#x1;&#x83;b'>",
                                       "<script>leak</script>",
                                       "<style>leak</style>",
                                       "<title>leak</title>",
                                       "<!--leak-->",
                                       "<template>",
                                       "</template>",
                                       "<head>",
                                       "</head>",
                                       "&amp;",
                                       "&#0;",
                                       "&#x1F600;",
                                       "&#x84;",
                                       "&#10;",
                                       "&nbsp;",
                                       "&",
                                       "<",
                                       " ",
                                       "\n",
                                       "\r\n",
                                       "-- ",
                                       "text",
                                       "\xC3\xA9",
                                       "\xE2",
                                       "\xFF",
                                       "\x7F",
                                       "-->",
                                       "\u2028",
                                       "<b ",
                                       ">",
                                       "'",
                                       "\""});
  std::mt19937 random(3834);
  std::uniform_int_distribution<std::size_t> any(0, kParts.size() - 1);
  for (int i = 0; i < 4000; ++i) {
    std::string html;
    for (std::size_t parts = any(random); parts > 0; --parts)
      html += kParts.at(any(random));
    const auto text = html_to_text(html);
    ASSERT_TRUE(is_clean(text)) << html << "\n---\n" << text;
    // In a tag that is not ended a script's tag is none.
    const bool has_broken_tag =
        html.find("<b ") != std::string::npos || html.find("<text") != std::string::npos;
    ASSERT_TRUE(has_broken_tag || text.find("leak") == std::string::npos) << html << "\n---\n"
                                                                          << text;
  }
}

TEST(Html, ADocumentEndsAtTheLastEndTagOfItsBody) {
  const std::string begin = "<body title='</body>'>a</body><!-- </body> -->b";
  for (const char* end : {"</body></html>", "</BODY>", "</body >\n", "</Body\n>", "</body></p>",
                          "</body><!-- </body> -->", "</body><script>'</body>'</script>"}) {
    EXPECT_EQ(find_body_end(begin + end), begin.size()) << end;
  }
  for (const char* whole : {"", "a", "<p>a</p>", "a<!--[if mso]></body><![endif]-->", "</bodyx>"})
    EXPECT_EQ(find_body_end(whole), std::string(whole).size()) << whole;
}

}  // namespace
}  // namespace inforeply
