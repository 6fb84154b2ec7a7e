// What strangers may write, put together at random from a seed.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

namespace inforeply::test {

/// Pieces that change lines, fields, parts, markup or the log where they are let through.
inline const std::vector<std::string>& hostile_pieces() {
  using namespace std::string_literals;
  static const std::vector<std::string> pieces = {
      "\r\n",
      "\n",
      "\r",
      "\0"s,
      "\x0B\x0C\x1B[31m\x7F",
      "\u2028",
      "\u2029",
      "\u0085",
      "\u202E\u2066",
      "\uFEFF\u200B",
      "\xFF\xFE\xC3",
      "\xED\xA0\x80",
      "Bcc: mallory@example.com",
      "\r\nBcc: mallory@example.com\r\n",
      "\r\n\r\n",
      "\n\nforged body\n",
      "\nContent-Type: multipart/mixed; boundary=boundary\n\n",
      "\n--boundary\nContent-Type: text/html\n\n<script>alert(1)</script>\n--boundary--\n",
      "--boundary",
      "\n--=_",
      "=?utf-8?Q?a=0D=0ABcc:_mallory@example.com=0D=0A?=",
      "=?utf-8?B?DQpCY2M6IG1hbGxvcnlAZXhhbXBsZS5jb20NCg==?=",
      "=?utf-16be?B?AA0ACgBCAGMAYwA6?=",
      "=?utf-7?Q?+AA0ACg-Bcc:?=",
      "=?utf-8?Q?=00=1B=7F=E2=80=A8=C2=85=22=3E=3Cb=3E?=",
      "=?iso-2022-jp?B?GyRC?=",
      "=?utf-8?Q?",
      "?=",
      "<script>alert(1)</script>",
      "\"><img src=x onerror=alert(1)>",
      "'><b>",
      "</p></body></html>",
      "</blockquote><h1>",
      "<!--",
      "-->",
      "<![CDATA[",
      "&lt;b&gt;&amp;&#60;",
      "cid:logo.png",
      "\"cid:logo.png\"",
      "${subject} ${nobody} $SUBJECT $$",
      "-- ",
      "\n-- \n",
      "> quoted",
      "\n>>> ",
      "\nFrom mallory",
      "\n.\n",
      " ",
      "\t",
      ",",
      ";",
      "\"",
      "\\",
      "(",
      ")",
      "<",
      ">",
      "<a@b>",
      "> action=replied",
      "x",
      "word word",
      "\u65E5\u672C\u8A9E",
      "e\u0301\U0001F468\u200D\U0001F469",
      std::string(300, 'x'),
      std::string(1200, 'y'),
      std::string(90, ' ')};
  return pieces;
}

/// Up to twelve of them.
inline std::string hostile_text(std::mt19937& random) {
  const auto& pieces = hostile_pieces();
  std::string text;
  for (auto count = random() % 12; count > 0; --count)
    text += pieces[random() % pieces.size()];
  return text;
}

/// A message with such texts in its fields and below them. The senders' name is there to be found.
inline std::string hostile_message(std::mt19937& random) {
  const auto text = [&] { return hostile_text(random); };
  std::string message;
  const auto maybe = [&](const std::string& field) {
    if (random() % 4 != 0) message += field + "\n";
  };
  maybe("From: " + text() + " <alice@example.net>");
  maybe("From: \"" + text() + "\" <alice@example.net>");
  maybe("Subject: " + text());
  maybe("Message-ID: <" + text() + "@example.net>");
  maybe("References: <1@example.net> " + text());
  maybe("In-Reply-To: " + text());
  maybe("Accept-Language: de;q=" + text());
  maybe("Date: " + text());
  maybe("To: " + text());
  const std::array<const char*, 4> types = {"text/plain; charset=utf-8", "text/html",
                                            "text/plain; charset=iso-8859-1; format=flowed",
                                            "multipart/mixed; boundary=boundary"};
  maybe("Content-Type: " + std::string(types[random() % types.size()]));
  message += "\n";
  for (auto count = random() % 6; count > 0; --count)
    message += text() + "\n";
  return message;
}

}  // namespace inforeply::test
