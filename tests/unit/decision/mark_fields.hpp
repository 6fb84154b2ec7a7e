// Fields made of the rows of the table of marks, and such as only come near.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "decision/marks.hpp"
#include "inforeply/text.hpp"

namespace inforeply::test {

inline std::string first_value(const HeaderMark& mark) {
  return std::string(mark.values.substr(0, mark.values.find('|')));
}

inline std::string value_of_id(const HeaderMark& mark, std::string_view end) {
  return first_value(mark) + std::string(end);
}

/// Every body that the row is to match, one for each of its values.
inline std::vector<std::string> matching_bodies(const HeaderMark& mark) {
  const auto values = split(mark.values, '|');
  const auto with_each = [&](const std::string& before, const std::string& behind) {
    std::vector<std::string> bodies;
    for (const auto value : values)
      bodies.push_back(before + std::string(value) + behind);
    return bodies;
  };
  using enum Matcher;
  switch (mark.matcher) {
    case kPresent:
      return {"", "x", "(c)"};
    case kTokenIs:
      return with_each("(c) ", " (c); x=y");
    case kTokenIsNot:
      return {"auto-x", "yes; x=" + first_value(mark), "", "(" + first_value(mark) + ")"};
    case kWordIs:
      return with_each("(c)", ", x");
    case kListContains:
      return with_each("x, (c)", "; y");
    case kBeginsWith:
      return with_each("", " x");
    case kMessageIdBeginsWith:
      return {value_of_id(mark, "x@y>"), "<a@b> " + value_of_id(mark, "x@y>"),
              value_of_id(mark, "x@y").substr(1)};
    case kMatchesNone:
      return {"x", "", "1:2:3:x"};
    case kNumberAtLeast:
      return {std::string(mark.values), "(c) 999", std::string(mark.values) + ".5"};
    case kParameterIs:
      return {std::string(values.at(0)) + "; x=y; " + std::string(values.at(1)) + "=\"" +
              std::string(values.at(2)) + '"'};
    case kFileNameEnds:
      return with_each("x/y; filename=a", "");
  }
  return {};
}

/// Bodies that are near to one of those, and none.
inline std::vector<std::string> other_bodies(const HeaderMark& mark) {
  const std::string value = first_value(mark);
  const auto values = split(mark.values, '|');
  using enum Matcher;
  switch (mark.matcher) {
    case kPresent:
      return {};
    case kTokenIs:
    case kWordIs:
      return {"", "x" + value, value + "x", "x " + value, "(" + value + ")", "x; " + value};
    case kTokenIsNot:
      return {value, "(c) " + value + " (c); x=yes"};
    case kListContains:
      return {"", "x" + value, value + "x", value + "-x", "(" + value + ")"};
    case kBeginsWith:
      return {"", "x" + value, value.substr(0, value.size() - 1), "x " + value};
    case kMessageIdBeginsWith:
      return {"", value_of_id(mark, "x>"), "<x" + value_of_id(mark, "x@y>").substr(1)};
    case kMatchesNone: {
      std::vector<std::string> bodies;
      for (const auto pattern : values) {
        bodies.emplace_back();
        for (const char c : pattern)
          bodies.back() += c == '*' ? 'x' : c;
      }
      return bodies;
    }
    case kNumberAtLeast:
      return {"",
              "0",
              "-1",
              "-" + value,
              "x" + value,
              "(" + value + ")",
              std::to_string(*parse_number(value) - 1)};
    case kParameterIs: {
      const std::string type(values.at(0));
      const std::string name(values.at(1));
      const std::string wanted(values.at(2));
      return {type, type + "; " + name + "=x" + wanted, "text/x; " + name + "=" + wanted,
              type + "; x" + name + "=" + wanted, type + "; x=\"; " + name + "=" + wanted + '"'};
    }
    case kFileNameEnds:
      return {"x/y", "x/y; filename=a.pdf", "x/y; filename=a" + value + ".pdf",
              "x/y; xname=a" + value, "x/y; x=\"; name=a" + value + '"'};
  }
  return {};
}

/// A name that the glob stands for.
inline std::string name_of(const HeaderMark& mark) {
  std::string name;
  for (const char c : mark.field) {
    name += c == '*' ? std::string("Acme-") : std::string(1, c);
  }
  return name;
}

}  // namespace inforeply::test
