#include "mail/html/html_tokenizer.hpp"

#include <gumbo.h>

#include <algorithm>
#include <memory>

#include "inforeply/text.hpp"
#include "mail/charset.hpp"

// Gumbo only decodes character references, which take a table of 2,231 names. It is not fit for
// whole documents. It copies open formatting elements into every paragraph, so 16 KiB of `<p><b
// id=1><b id=2>...` and then `<p>x<p>x...` take 620 MiB, 64 KiB more than 4 GB. That ends in a
// crash, as it does not check its allocations. It frees a tree by recursion as deep as the tree.
// Even 1 MiB of ordinary text takes 13 MiB.

namespace inforeply {
namespace {

constexpr std::string_view kBlanks = " \t\n\f\r";
constexpr std::string_view kLettersAndDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::array<std::string_view, 8> kRawTextElements = {
    "iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"};

struct DeleteOutput {
  void operator()(GumboOutput* output) const {
    gumbo_destroy_output(&kGumboDefaultOptions, output);
  }
};

using Parsed = std::unique_ptr<GumboOutput, DeleteOutput>;

/// Parses a piece of HTML that has one node at most, as the content of `context`.
Parsed parse(std::string_view html, GumboTag context) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  options.fragment_context = context;
  return Parsed(gumbo_parse_with_options(&options, html.data(), html.size()));
}

const GumboNode* only_node(const Parsed& parsed) {
  const GumboVector& children = parsed->root->v.element.children;
  return children.length == 0 ? nullptr : static_cast<const GumboNode*>(children.data[0]);
}

/// Gumbo does not see that a number overflows: `&#xEEEEEEEE;` gives it octets that are no UTF-8.
std::string as_utf8(std::string_view text) {
  return is_valid_utf8(text) ? std::string(text) : to_utf8_leniently(text, "utf-8");
}

/// Decodes a character reference in content, with the letters and digits behind it.
std::string decode_reference(std::string_view reference) {
  const auto parsed = parse(reference, GUMBO_TAG_TITLE);
  const auto* node = only_node(parsed);
  const bool is_text = node != nullptr && node->type != GUMBO_NODE_ELEMENT;
  return is_text ? as_utf8(node->v.text.text) : std::string();
}

/// Decodes one reference at a time, as Gumbo takes several times the memory of what it parses.
std::string decode_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto start = std::min(text.find('&'), text.size());
    result += text.substr(0, start);
    text.remove_prefix(start);
    auto end = text.find_first_not_of(kLettersAndDigits, text.starts_with("&#") ? 2 : 1);
    end = std::min(end, text.size());
    if (end < text.size() && text[end] == ';') ++end;
    if (end > 1) result += decode_reference(text.substr(0, end));
    if (end == 1) result += '&';
    text.remove_prefix(end);
  }
  return result;
}

/// Whether `text` begins with a tag. Any other `<` is text or begins a comment.
bool starts_tag(std::string_view text) {
  const std::size_t name = text.starts_with("</") ? 2 : 1;
  return text.starts_with('<') && text.size() > name && is_letter(text[name]);
}

bool starts_comment(std::string_view text) {
  return text.starts_with("<!") || text.starts_with("<?") ||
         (text.starts_with("</") && text.size() > 2 && !is_letter(text[2]));
}

std::string_view unquoted(std::string_view raw) {
  if (!raw.starts_with('"') && !raw.starts_with('\'')) return raw;
  return raw.substr(1, raw.size() - 2);
}

}  // namespace

bool HtmlToken::has(HtmlAttribute attribute) const {
  return attributes.at(static_cast<std::size_t>(attribute)).has_value();
}

std::string HtmlToken::value(HtmlAttribute attribute) const {
  const auto raw = attributes.at(static_cast<std::size_t>(attribute)).value_or("");
  if (raw.find('&') == std::string_view::npos) return std::string(unquoted(raw));
  // Parsed as an attribute: `&copy=` is no reference there.
  const auto parsed = parse("<a x=" + std::string(raw) + ">", GUMBO_TAG_BODY);
  const auto* node = only_node(parsed);
  if (node == nullptr || node->type != GUMBO_NODE_ELEMENT) return {};
  const auto* decoded = gumbo_get_attribute(&node->v.element.attributes, "x");
  return decoded == nullptr ? std::string() : as_utf8(decoded->value);
}

std::optional<HtmlToken> HtmlTokenizer::next() {
  while (starts_comment(rest_)) {
    skip_comment();
  }
  if (rest_.empty()) return std::nullopt;
  const auto start = size_ - rest_.size();
  auto token = starts_tag(rest_) ? read_tag() : read_text();
  if (token) token->start = start;
  return token;
}

std::string_view HtmlTokenizer::take(std::size_t count) {
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(taken.size());
  return taken;
}

HtmlToken HtmlTokenizer::read_text() {
  std::size_t end = rest_.find('<', 1);
  while (end != std::string_view::npos && !starts_tag(rest_.substr(end)) &&
         !starts_comment(rest_.substr(end))) {
    end = rest_.find('<', end + 1);
  }
  HtmlToken token;
  token.text = decode_text(take(end));
  return token;
}

/// nullopt if the document ends in the tag.
std::optional<HtmlToken> HtmlTokenizer::read_tag() {
  HtmlToken token;
  token.kind = rest_.starts_with("</") ? HtmlToken::Kind::kEndTag : HtmlToken::Kind::kStartTag;
  take(token.kind == HtmlToken::Kind::kEndTag ? 2 : 1);
  token.text = to_lower_ascii(take(rest_.find_first_of(" \t\n\f\r/>")));
  while (true) {
    take(std::min(rest_.find_first_not_of(" \t\n\f\r/"), rest_.size()));
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '>') break;
    read_attribute(token);
  }
  take(1);
  const auto* raw = std::find(kRawTextElements.begin(), kRawTextElements.end(), token.text);
  if (token.kind == HtmlToken::Kind::kStartTag && raw != kRawTextElements.end()) {
    skip_raw_text(*raw);
  }
  return token;
}

void HtmlTokenizer::read_attribute(HtmlToken& token) {
  const auto name = take(rest_.find_first_of(" \t\n\f\r/>=", 1));
  const auto next = std::min(rest_.find_first_not_of(kBlanks), rest_.size());
  const bool has_value = next < rest_.size() && rest_[next] == '=';
  std::string_view value;
  if (has_value) {
    take(next + 1);
    value = read_value();
  }
  for (std::size_t i = 0; i < kHtmlAttributeNames.size(); ++i) {
    auto& known = token.attributes.at(i);
    if (!known && equals_ignoring_case(name, kHtmlAttributeNames.at(i))) known = value;
  }
}

/// Takes a value with its quotes, if there are any.
std::string_view HtmlTokenizer::read_value() {
  take(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  const bool quoted = rest_.starts_with('"') || rest_.starts_with('\'');
  if (!quoted) return take(std::min(rest_.find_first_of(" \t\n\f\r>"), rest_.size()));
  const auto end = rest_.find(rest_.front(), 1);
  if (end != std::string_view::npos) return take(end + 1);
  rest_ = {};
  return {};
}

void HtmlTokenizer::skip_comment() {
  if (!rest_.starts_with("<!--")) {
    const auto end = rest_.find('>');
    take(end == std::string_view::npos ? end : end + 1);
    return;
  }
  take(4);
  if (rest_.starts_with('>') || rest_.starts_with("->")) {  // an empty comment
    take(rest_.starts_with('>') ? 1 : 2);
    return;
  }
  auto end = rest_.find("--");
  while (end != std::string_view::npos && !rest_.substr(end).starts_with("-->") &&
         !rest_.substr(end).starts_with("--!>")) {
    end = rest_.find("--", end + 1);
  }
  take(end);
  take(rest_.starts_with("--!>") ? 4 : 3);
}

/// Skips to the end tag, or all of the rest if there is none.
void HtmlTokenizer::skip_raw_text(std::string_view name) {
  while (!rest_.empty()) {
    take(rest_.find("</"));
    const auto tag = rest_.substr(0, name.size() + 3);
    const bool ends = tag.size() == name.size() + 3 &&
                      starts_with_ignoring_case(tag.substr(2), name) &&
                      std::string_view(" \t\n\f\r/>").find(tag.back()) != std::string_view::npos;
    if (ends) return;
    take(2);
  }
}

}  // namespace inforeply
